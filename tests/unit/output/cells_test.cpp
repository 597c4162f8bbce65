#include "cli/output/cells.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace obliv::cli;

TEST_CASE("a path goes into objects and is null where there is nothing", "[output]") {
    auto row = Json::parse(R"({"a":{"b":{"c":5}},"x":"y"})");
    CHECK(value_at(row, "a.b.c") == 5);
    CHECK(value_at(row, "x") == "y");
    CHECK(value_at(row, "a.q.c").is_null());
    CHECK(value_at(row, "x.y").is_null());
}

TEST_CASE("values are shown as people write them", "[output]") {
    CHECK(cell_text(nullptr) == "-");
    CHECK(cell_text("") == "-");
    CHECK(cell_text(true) == "yes");
    CHECK(cell_text(5) == "5");
    CHECK(cell_text("a\tb\nc") == "a b c");
    CHECK(cell_text(Json::parse(R"(["a","b"])")) == "a,b");
    CHECK(cell_text(Json::parse(R"({"k":1})")) == R"({"k":1})");
}
