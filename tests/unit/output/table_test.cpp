#include "cli/output/table.hpp"

#include "cli/output/width.hpp"

#include <catch2/catch.hpp>

using namespace obliv::cli;

namespace {

const std::vector<Column> columns{{"name", "NAME"}, {"count", "COUNT", true}};

}  // namespace

TEST_CASE("columns line up and numbers stand to the right", "[output]") {
    CHECK(table_text(columns, {{"a", "5"}, {"世界", "12345678"}}, 80, false) == "NAME     COUNT\n"
                                                                                "a            5\n"
                                                                                "世界  12345678\n");
}

TEST_CASE("a table fits its width by cutting the widest cells", "[output]") {
    auto text = table_text(columns, {{std::string(100, 'x'), "5"}}, 30, false);
    CHECK(text.find("…") != std::string::npos);
    for (std::size_t at = 0; at < text.size();) {
        auto end = text.find('\n', at);
        CHECK(text_width(text.substr(at, end - at)) <= 30);
        at = end + 1;
    }
}

TEST_CASE("nothing in a cell can drive the terminal", "[output]") {
    CHECK(table_text(columns, {{"\x1b[31mred", "5"}}, 80, false).find('\x1b') == std::string::npos);
    CHECK(table_text(columns, {}, 80, true).starts_with("\x1b[1m"));
}

TEST_CASE("plain text has tabs and cuts nothing", "[output]") {
    CHECK(plain_text(columns, {{std::string(300, 'x'), "5"}}) ==
          "NAME\tCOUNT\n" + std::string(300, 'x') + "\t5\n");
}

TEST_CASE("CSV quotes what needs it", "[output]") {
    CHECK(csv_text(columns, {{"a,\"b\"", "5"}}) == "name,count\r\n\"a,\"\"b\"\"\",5\r\n");
}
