#include "core/storage/sqlite/lists.hpp"

#include <catch2/catch.hpp>

using namespace obliv::storage::sqlite;

TEST_CASE("lists and maps of texts come back as they were", "[storage]") {
    std::vector<std::string> list{"gpt-4*", "/^a\"b$/", "", "naïve\n"};
    std::map<std::string, std::string> map{{"a", "b"}, {"\"", "\\"}};
    CHECK(list_from_json(to_json(list)) == list);
    CHECK(map_from_json(to_json(map)) == map);
    CHECK(to_json(std::vector<std::string>{}) == "[]");
    CHECK(to_json(std::map<std::string, std::string>{}) == "{}");
}

TEST_CASE("a column that is no JSON of ours reads as empty", "[storage]") {
    CHECK(list_from_json("").empty());
    CHECK(list_from_json("{}").empty());
    CHECK(list_from_json("[1,null,\"x\"]") == std::vector<std::string>{"x"});
    CHECK(map_from_json("[").empty());
    CHECK(map_from_json("{\"a\":1}").empty());
}

TEST_CASE("bytes that are no UTF-8 do not throw", "[storage]") {
    CHECK_FALSE(to_json(std::vector<std::string>{"\xff"}).empty());
}
