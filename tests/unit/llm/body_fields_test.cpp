#include "core/llm/body_fields.hpp"

#include "core/base/random.hpp"
#include "core/llm/call_needs.hpp"
#include "tests/support/padded.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using Json = nlohmann::ordered_json;

namespace {

std::string changed(std::string_view body, std::string_view changes) {
    auto parsed = parse_field_changes(changes);
    REQUIRE(parsed);
    return edited(body, field_edits(body, *parsed));
}

}  // namespace

TEST_CASE("fields of a body are set, added and taken out", "[llm]") {
    CHECK(changed(R"({"model":"m","temperature":1})", R"({"temperature":0})") ==
          R"({"model":"m","temperature":0})");
    CHECK(changed(R"({"model":"m"})", R"({"top_p":0.5,"user":"x"})") ==
          R"({"top_p":0.5,"user":"x","model":"m"})");
    CHECK(changed(R"({"user":"x","model":"m"})", R"({"user":null})") == R"({"model":"m"})");
    CHECK(changed(R"({"model":"m" , "user" : {"a":["}"]} })", R"({"user":null})") ==
          R"({"model":"m" })");
    CHECK(changed(R"({"a":1,"b":2,"model":"m","c":3})", R"({"a":null,"b":null,"c":null})") ==
          R"({"model":"m"})");
    CHECK(changed(R"({"model":"m"})", R"({"absent":null})") == R"({"model":"m"})");
}

TEST_CASE("the fields that decide a call are the caller's", "[llm]") {
    for (const auto* changes : {R"({"model":"x"})", R"({"stream":true})", R"({"max_tokens":1})",
                                R"({"messages":[]})", R"({"n":9})", "[]", "x", ""})
        CHECK(!parse_field_changes(changes));
}

TEST_CASE("changed bodies are what a JSON library makes of them", "[llm]") {
    auto seed = GENERATE(range(1, 300));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    const std::vector<std::string> names{"a", "b", "c", "d", "temperature", "user"};
    const std::vector<Json> values{
        1,       "x\"}{,", Json::array({1, "]", Json::object({{"k", "}"}})}),
        nullptr, true,     Json::object({{"z", Json::array()}}),
        -1.5e3};
    Json body = Json::object();
    auto fields = random.below(names.size() + 1);
    auto model_at = random.below(fields + 1);
    for (std::size_t i = 0; i <= fields; ++i) {
        if (i == model_at)
            body["model"] = "m";
        if (i < fields)
            body[names[(i + static_cast<std::size_t>(seed)) % names.size()]] =
                values[random.below(values.size())];
    }
    Json changes = Json::object();
    for (const auto& name : names)
        if (random.below(2) == 0)
            changes[name] = values[random.below(values.size())];
    auto text = body.dump(random.below(2) == 0 ? -1 : 2);
    INFO(text << " " << changes.dump());
    auto expected = Json(body);
    for (const auto& [name, value] : changes.items()) {
        if (value.is_null())
            expected.erase(name);
        else
            expected[name] = value;
    }
    // As maps: what is added stands in front.
    CHECK(nlohmann::json::parse(changed(text, changes.dump())) ==
          nlohmann::json::parse(expected.dump()));
}

TEST_CASE("changes of fields and of the model go together", "[llm]") {
    test::Padded body(
        R"({"user":"u","model":"a","messages":[{"role":"user","content":"x"}],"stream":true})");
    auto call = parse_chat_call(body.view());
    REQUIRE(call);
    auto changes = parse_field_changes(R"({"user":null,"reasoning_effort":"high"})");
    auto edits = merged(upstream_edits(*call, "b"), field_edits(body.view(), *changes));
    auto out = nlohmann::json::parse(edited(body.view(), edits));
    CHECK(out["model"] == "b");
    CHECK(out["reasoning_effort"] == "high");
    CHECK(!out.contains("user"));
    CHECK(out["stream_options"]["include_usage"] == true);
}

TEST_CASE("an effort is read from the end of a name", "[llm]") {
    auto found = effort_in("o3-mini-high");
    REQUIRE(found);
    CHECK(found->model == "o3-mini");
    CHECK(found->effort == "high");
    CHECK(!effort_in("o3-mini"));
    CHECK(!effort_in("high"));
    CHECK(!effort_in("-high"));
    CHECK(!effort_in("m-highest"));
}

TEST_CASE("what a chat needs is read from its body", "[llm]") {
    auto needs = [](const std::string& text) {
        test::Padded body(text);
        auto call = parse_chat_call(body.view());
        REQUIRE(call);
        std::string all;
        for (auto need : needs_of(*call, body.view()))
            all.append(need).append(" ");
        return all;
    };
    const std::string head = R"({"model":"m","messages":[{"role":"user","content":)";
    CHECK(needs(head + R"("say \"image_url\": tools"}]})").empty());
    CHECK(needs(head + R"("x"}],"stream":true,"n":2})") == "stream choices ");
    CHECK(needs(head + R"("x"}],"tools":[],"functions":null})").empty());
    CHECK(needs(head + R"("x"}],"tools":[{"type":"function"}]})") == "tools ");
    CHECK(needs(head + R"([{"type":"image_url","image_url":{"url":"x"}}]}]})") == "vision ");
    CHECK(needs(head + R"([{"type":"input_audio","input_audio":{}}]}]})") == "audio ");
    CHECK(needs(head + R"([{"type":"file","file":{"file_id":"1"}}]}]})") == "files ");
    CHECK(needs(head + R"("x"}],"response_format":{"type":"json_schema"}})") == "json_schema ");
    CHECK(needs(head + R"("x"}],"reasoning_effort":"low"})") == "reasoning ");
}

TEST_CASE("the normal form of a body keeps what is in strings and what stands twice", "[llm]") {
    constexpr std::array<std::string_view, 1> out{"user"};
    CHECK(normal_form(R"({ "b": [1, 2], "a": "x \" y" , "user":"u"})", out) ==
          R"("a":"x \" y","b":[1,2],)");
    CHECK(normal_form(R"({"a":1,"a":2})", {}) == R"("a":1,"a":2,)");
    CHECK(normal_form("{}", {}).empty());
    CHECK(normal_form("", {}).empty());
    CHECK(field_text(R"({"a":{"b":1}, "c" : false })", "c") == "false");
    CHECK(field_text(R"({"a":{"b":1}})", "b").empty());
}
