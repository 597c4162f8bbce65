#include "core/wire/anthropic_lists.hpp"

#include "core/wire/json.hpp"
#include "tests/support/recordings.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

std::vector<ListedModel> five() {
    return {{"a", "Ann", 1}, {"b", "", 2}, {"c", "", 3}, {"d", "", 4}, {"e", "", 5}};
}

std::vector<std::string> ids(const Json& list) {
    std::vector<std::string> out;
    for (const auto& model : list["data"])
        out.push_back(model["id"].get<std::string>());
    return out;
}

Json listed(const ListPage& page) {
    auto models = five();
    return Json::parse(anthropic_models(models, page));
}

}  // namespace

TEST_CASE("recorded counts of tokens are asked and answered in our words", "[wire][recordings]") {
    std::size_t read = 0;
    for (const auto& recording : test::recordings_of("anthropic")) {
        if (!recording.path.ends_with("/count_tokens"))
            continue;
        INFO(recording.file);
        auto request = read_anthropic_count({.body = recording.request});
        REQUIRE(request);
        auto body = nlohmann::json::parse(anthropic_count_body(*request));
        auto theirs = nlohmann::json::parse(recording.request);
        CHECK(body["messages"].size() == theirs["messages"].size());
        CHECK(body.contains("tools") == theirs.contains("tools"));
        CHECK(!body.contains("max_tokens"));
        if (recording.status != 200)
            continue;
        auto count = read_anthropic_count_reply(recording.body);
        REQUIRE(count);
        CHECK(nlohmann::json::parse(anthropic_count_reply(*count)) ==
              nlohmann::json::parse(recording.body));
        ++read;
    }
    CHECK(read >= 4);
}

TEST_CASE("a count that is none is an error", "[wire]") {
    for (const char* body : {"", "{}", "[]", R"({"input_tokens":"9"})", R"({"input_tokens":-1})"})
        CHECK(!read_anthropic_count_reply(body));
}

TEST_CASE("models are listed page by page, both ways", "[wire]") {
    using Ids = std::vector<std::string>;
    auto first = listed({.limit = 2});
    CHECK(ids(first) == Ids{"a", "b"});
    CHECK(first["has_more"] == true);
    CHECK(first["last_id"] == "b");
    CHECK(first["data"][0] == Json::parse(R"({"type":"model","id":"a","display_name":"Ann",
                                              "created_at":"1970-01-01T00:00:01.000Z"})"));
    CHECK(first["data"][1]["display_name"] == "b");
    auto last = listed({.after_id = "b", .limit = 9});
    CHECK(ids(last) == Ids{"c", "d", "e"});
    CHECK(last["has_more"] == false);
    auto back = listed({.before_id = "d", .limit = 2});
    CHECK(ids(back) == Ids{"b", "c"});
    CHECK(back["has_more"] == true);
    CHECK(listed({.before_id = "c", .limit = 5})["has_more"] == false);
    auto none = listed({.after_id = "nobody"});
    CHECK(none["data"].empty());
    CHECK(none["first_id"].is_null());
    CHECK(ids(listed({.limit = 0})) == Ids{"a"});
}

TEST_CASE("an upstream's list of models is read with its continuation", "[wire]") {
    auto models = five();
    auto page = read_anthropic_models(anthropic_models(models, {.limit = 2}));
    REQUIRE(page);
    CHECK(page->ids == std::vector<std::string>{"a", "b"});
    CHECK(page->after_id == "b");
    CHECK(read_anthropic_models(R"({"data":[]})")->after_id.empty());
    CHECK(!read_anthropic_models("{}"));
}
