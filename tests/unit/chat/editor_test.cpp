#include "cli/chat/editor.hpp"

#include <catch2/catch.hpp>

using namespace obliv::cli;
using Outcome = Editor::Outcome;

namespace {

/// An editor with two lines of history, driven by the bytes of keys.
struct Desk {
    Desk() {
        CHECK(history.add("first"));
        CHECK(history.add("second line"));
        editor.reset();
    }
    Outcome type(std::string_view bytes) {
        auto outcome = Outcome::edited;
        for (const auto& press : reader.feed(bytes))
            outcome = editor.apply(press);
        return outcome;
    }
    /// The text with a bar where the cursor is.
    std::string state() const {
        auto text = editor.text();
        return text.insert(editor.cursor(), "|");
    }
    History history{""};
    KeyReader reader;
    Editor editor{history};
};

}  // namespace

TEST_CASE("emacs keys move and kill", "[chat]") {
    Desk desk;
    desk.type("one two three");
    desk.type("\x17");
    CHECK(desk.state() == "one two |");
    desk.type("\x19\x01");
    CHECK(desk.state() == "|one two three");
    desk.type("\x1b"
              "f\x0b");
    CHECK(desk.state() == "one|");
    desk.type("\x02\x02\x04");
    CHECK(desk.state() == "o|e");
    desk.type("\x05x\x15");
    CHECK(desk.state() == "|");
    desk.type("ab\x14");
    CHECK(desk.state() == "ba|");
}

TEST_CASE("the cursor moves and erases by what a person sees as one character", "[chat]") {
    Desk desk;
    desk.type("e\xCC\x81👩‍🚀世");
    desk.type("\x1b[D\x1b[D");
    CHECK(desk.state() == "e\xCC\x81|👩‍🚀世");
    desk.type("\x1b[3~\x7f");
    CHECK(desk.state() == "|世");
}

TEST_CASE("Enter sends, and every other way to a new line does not", "[chat]") {
    Desk desk;
    CHECK(desk.type("a\\\r") == Outcome::edited);
    CHECK(desk.type("b\x1b\rc\nd") == Outcome::edited);
    CHECK(desk.editor.text() == "a\nb\nc\nd");
    CHECK(desk.type("\r") == Outcome::submitted);
    desk.editor.reset();
    // A backslash that is not at the end, or not under the cursor, is text.
    CHECK(desk.type("a\\\x01\r") == Outcome::submitted);
}

TEST_CASE("Ctrl-C clears what there is and otherwise tells how to leave", "[chat]") {
    Desk desk;
    CHECK(desk.type("text\x03") == Outcome::cleared);
    CHECK(desk.state() == "|");
    CHECK(desk.type("\x03") == Outcome::asked_out);
    CHECK(desk.type("\x04") == Outcome::left);
    CHECK(desk.type("x\x01\x04") == Outcome::edited);
    CHECK(desk.state() == "|");
}

TEST_CASE("arrows move in the text before they move in the history", "[chat]") {
    Desk desk;
    desk.type("ab\ncd\x1b[A");
    CHECK(desk.state() == "ab|\ncd");
    desk.type("\x1b[A");
    CHECK(desk.state() == "second line|");
    desk.type("\x1b[A\x1b[A");
    CHECK(desk.state() == "first|");
    desk.type("\x1b[B\x1b[B");
    CHECK(desk.state() == "ab\ncd|");
}

TEST_CASE("Ctrl-R finds older lines and Enter sends what was found", "[chat]") {
    Desk desk;
    desk.type("\x12");
    CHECK(desk.editor.searching());
    desk.type("i");
    CHECK(desk.editor.text() == "second line");
    desk.type("\x12");
    CHECK(desk.editor.text() == "first");
    CHECK(desk.type("\r") == Outcome::submitted);
    CHECK(desk.editor.text() == "first");
}

TEST_CASE("a paste is inserted whole and never sends", "[chat]") {
    Desk desk;
    CHECK(desk.type("<>\x02\x1b[200~a\rb\x1b[201~") == Outcome::edited);
    CHECK(desk.state() == "<a\nb|>");
}
