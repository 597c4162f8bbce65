// Requests made up at random: read, written, read again.
#include "core/base/random.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/bedrock.hpp"
#include "tests/unit/wire/anthropic_normal.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;

namespace {

using Json = nlohmann::json;

/// Bodies of the Messages API, each of its fields there or not.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    Json body() {
        Json out{{"model", word()}, {"max_tokens", number(10'000)}};
        out["messages"] = Json::array();
        for (auto turns = 1 + number(5); turns > 0; --turns)
            out["messages"].push_back(turns % 2 == 1 ? user() : assistant());
        maybe(out, "system", [&] { return content(&Generator::text); });
        maybe(out, "temperature", [&] { return Json(static_cast<double>(number(9)) / 8); });
        maybe(out, "top_p", [&] { return Json(static_cast<double>(number(9)) / 8); });
        maybe(out, "top_k", [&] { return Json(number(50)); });
        maybe(out, "stream", [&] { return Json(coin()); });
        maybe(out, "stop_sequences", [&] { return Json::array({word(), word()}); });
        maybe(out, "service_tier", [&] { return Json(coin() ? "auto" : "standard_only"); });
        maybe(out, "metadata", [&] { return Json{{"user_id", word()}, {"more", word()}}; });
        maybe(out, "thinking", [&] { return thinking(); });
        maybe(out, "tools", [&] { return tools(); });
        maybe(out, "tool_choice", [&] { return choice(); });
        maybe(out, "output_config", [&] {
            return Json{{"effort", "low"},
                        {"format", {{"type", "json_schema"}, {"schema", schema()}}},
                        {"newer", number(3)}};
        });
        maybe(out, "container", [&] { return Json(word()); });
        maybe(out, "mcp_servers", [&] { return Json::array({Json{{"name", word()}}}); });
        maybe(out, "cache_control", [&] { return Json{{"type", "ephemeral"}}; });
        return out;
    }

private:
    std::int64_t number(std::uint64_t below) {
        return static_cast<std::int64_t>(random_.below(below));
    }
    bool coin() { return random_.below(2) == 0; }
    std::string word() {
        static const std::vector<std::string> words{"a", "héllo", "x-1", "\"q\"", "漢字", "_"};
        return words[random_.below(words.size())];
    }
    template <typename Make>
    void maybe(Json& object, const char* name, Make make) {
        if (coin())
            object[name] = make();
    }

    /// A text, or an array of blocks.
    Json content(Json (Generator::*block)()) {
        if (random_.below(4) == 0)
            return word();
        auto out = Json::array();
        for (auto left = 1 + number(3); left > 0; --left)
            out.push_back((this->*block)());
        return out;
    }

    Json user() { return {{"role", "user"}, {"content", content(&Generator::user_block)}}; }
    Json assistant() {
        return {{"role", "assistant"}, {"content", content(&Generator::assistant_block)}};
    }

    Json cached(Json block) {
        maybe(block, "cache_control", [&] {
            Json control{{"type", "ephemeral"}};
            maybe(control, "ttl", [&] { return Json(coin() ? "5m" : "1h"); });
            return control;
        });
        return block;
    }

    Json text() { return cached({{"type", "text"}, {"text", word()}}); }

    Json source(bool document) {
        switch (random_.below(document ? 5U : 3U)) {
        case 0:
            return {{"type", "base64"}, {"media_type", "image/png"}, {"data", "QUJD"}};
        case 1:
            return {{"type", "url"}, {"url", "https://example.test/a"}};
        case 2:
            return {{"type", "file"}, {"file_id", "file_1"}};
        case 3:
            return {{"type", "text"}, {"media_type", "text/plain"}, {"data", word()}};
        default:
            return {{"type", "content"}, {"content", Json::array({text()})}};
        }
    }

    Json user_block() {
        switch (random_.below(5)) {
        case 0:
            return cached({{"type", "image"}, {"source", source(false)}});
        case 1: {
            Json block{{"type", "document"}, {"source", source(true)}};
            maybe(block, "title", [&] { return Json(word()); });
            maybe(block, "context", [&] { return Json(word()); });
            maybe(block, "citations", [&] { return Json{{"enabled", coin()}}; });
            return cached(std::move(block));
        }
        case 2: {
            Json block{{"type", "tool_result"}, {"tool_use_id", "toolu_1"}};
            maybe(block, "is_error", [&] { return Json(coin()); });
            maybe(block, "content", [&] { return content(&Generator::text); });
            return cached(std::move(block));
        }
        case 3:
            return {{"type", "search_result"}, {"source", word()}, {"content", Json::array()}};
        default:
            return text();
        }
    }

    Json assistant_block() {
        switch (random_.below(5)) {
        case 0:
            return {{"type", "thinking"}, {"thinking", word()}, {"signature", "c2ln"}};
        case 1:
            return {{"type", "redacted_thinking"}, {"data", "ZGF0YQ=="}};
        case 2: {
            Json block{{"type", "tool_use"}, {"id", "toolu_1"}, {"name", "f"}};
            block["input"] = {{word(), number(9)}};
            maybe(block, "caller", [&] {
                return Json{{"type", coin() ? "direct" : "code_execution"}};
            });
            return cached(std::move(block));
        }
        case 3:
            return {{"type", "server_tool_use"}, {"id", "s"}, {"name", "web_search"}};
        default:
            return text();
        }
    }

    Json schema() { return {{"type", "object"}, {"properties", {{word(), {{"type", "string"}}}}}}; }

    Json tools() {
        auto out = Json::array();
        for (auto left = 1 + number(3); left > 0; --left) {
            if (random_.below(4) == 0) {
                out.push_back({{"type", "web_search_20250305"}, {"name", "web_search"}});
                continue;
            }
            Json tool{{"name", "f"}, {"input_schema", schema()}, {"description", word()}};
            maybe(tool, "strict", [&] { return Json(coin()); });
            maybe(tool, "type", [&] { return Json("custom"); });
            maybe(tool, "defer_loading", [&] { return Json(coin()); });
            out.push_back(cached(std::move(tool)));
        }
        return out;
    }

    Json choice() {
        if (coin())
            return {{"type", "none"}};
        Json out{{"type", coin() ? "auto" : "any"}};
        if (coin())
            out = {{"type", "tool"}, {"name", "f"}};
        maybe(out, "disable_parallel_tool_use", [&] { return Json(coin()); });
        return out;
    }

    Json thinking() {
        if (coin())
            return {{"type", "disabled"}};
        Json out{{"type", "adaptive"}};
        if (coin())
            out = {{"type", "enabled"}, {"budget_tokens", 1024}};
        maybe(out, "display", [&] { return Json(coin() ? "summarized" : "omitted"); });
        return out;
    }

    Random random_;
};

}  // namespace

TEST_CASE("made-up requests to Anthropic survive being read and written", "[wire]") {
    auto seed = static_cast<std::uint64_t>(std::random_device{}());
    for (int round = 0; round < 1000; ++round) {
        INFO("seed " << seed + static_cast<std::uint64_t>(round));
        auto body = Generator(seed + static_cast<std::uint64_t>(round)).body();
        auto text = body.dump();
        INFO(text);
        auto request = wire::anthropic.read_request({.body = text});
        if (!request)
            FAIL(request.error().message);
        auto written = wire::anthropic.write_request(*request, {});
        REQUIRE(written);
        CHECK(written->losses.empty());
        REQUIRE(normal_anthropic(Json::parse(written->body)) == normal_anthropic(body));
        auto again = wire::anthropic.read_request({.body = written->body});
        REQUIRE(again);
        auto twice = wire::anthropic.write_request(*again, {});
        REQUIRE(twice);
        REQUIRE(twice->body == written->body);
    }
}

TEST_CASE("made-up requests of Anthropic's clients are written for Bedrock", "[wire]") {
    auto seed = static_cast<std::uint64_t>(std::random_device{}());
    for (int round = 0; round < 300; ++round) {
        INFO("seed " << seed + static_cast<std::uint64_t>(round));
        auto text = Generator(seed + static_cast<std::uint64_t>(round)).body().dump();
        INFO(text);
        auto request = wire::anthropic.read_request({.body = text});
        REQUIRE(request);
        auto written = wire::bedrock.write_request(*request, {});
        REQUIRE(written);
        auto body = Json::parse(written->body);
        std::string before;
        for (const auto& turn : body["messages"]) {
            CHECK(turn["role"] != before);
            CHECK(!turn["content"].empty());
            before = turn["role"].get<std::string>();
            for (const auto& block : turn["content"])
                CHECK(block.size() == 1);
        }
        for (const char* foreign : {"model", "max_tokens", "tools", "thinking", "metadata"})
            CHECK(!body.contains(foreign));
    }
}
