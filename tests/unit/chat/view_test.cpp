#include "cli/chat/view.hpp"

#include "tests/support/fake_terminal.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace obliv::cli;
using obliv::test::FakeTerminal;

TEST_CASE("text is wrapped one column short of the edge and lines are indented", "[chat]") {
    auto laid = lay_out("> ", "abcdefgh\nxy", 9, 8);
    CHECK(laid.rows == std::vector<std::string>{"> abcde", "  fgh", "  xy"});
    CHECK(laid.cursor_row == 2);
    CHECK(laid.cursor_column == 2);
}

TEST_CASE("a wide character never straddles the edge", "[chat]") {
    CHECK(lay_out("> ", "abcd世", 7, 8).rows == std::vector<std::string>{"> abcd", "  世"});
}

TEST_CASE("redrawing in place leaves what one drawing would", "[chat]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const std::vector<std::string> pieces{"a", "bc ", "\n", "世", "e\xCC\x81", "\t", "😀", "\x01"};
    for (int round = 0; round < 100; ++round) {
        auto columns = 8 + random() % 30;
        FakeTerminal terminal(columns);
        InputView view;
        std::string text;
        std::size_t cursor = 0;
        for (int step = 0; step < 12; ++step) {
            if (random() % 4 == 0)
                text.erase(boundary_before(text, text.size()));
            else
                text += pieces[random() % pieces.size()];
            cursor = 0;
            for (auto left = random() % 8; left > 0; --left)
                cursor = boundary_after(text, cursor);
            terminal.write(view.draw("> ", text, cursor, columns, 100));
        }
        FakeTerminal once(columns);
        once.write(InputView().draw("> ", text, cursor, columns, 100));
        REQUIRE(terminal.refused.empty());
        REQUIRE(terminal.screen() == once.screen());
        REQUIRE(terminal.row() == once.row());
        REQUIRE(terminal.column() == once.column());
        auto laid = lay_out("> ", text, cursor, columns);
        REQUIRE(terminal.row() == laid.cursor_row);
        REQUIRE(terminal.column() == laid.cursor_column);
    }
}

TEST_CASE("what is taller than the screen shows the part around the cursor", "[chat]") {
    std::string text;
    for (int i = 0; i < 50; ++i)
        text += "line " + std::to_string(i) + "\n";
    for (std::size_t cursor : {std::size_t{0}, text.size() / 2, text.size()}) {
        FakeTerminal terminal(20);
        terminal.write(InputView().draw("> ", text, cursor, 20, 10));
        CHECK(terminal.screen().size() <= 9);
        CHECK(terminal.row() < 9);
    }
}

TEST_CASE("control bytes and escapes are shown, not obeyed", "[chat]") {
    FakeTerminal terminal(40);
    terminal.write(InputView().draw("> ", "a\x1b[2Jb", 0, 40, 24));
    CHECK(terminal.refused.empty());
    CHECK(terminal.screen() == std::vector<std::string>{"> a␛[2Jb"});
}

TEST_CASE("leaving goes below the last row", "[chat]") {
    FakeTerminal terminal(20);
    InputView view;
    terminal.write(view.draw("> ", "a\nb\nc", 0, 20, 24));
    terminal.write(view.leave());
    CHECK(terminal.row() == 3);
    CHECK(terminal.column() == 0);
}
