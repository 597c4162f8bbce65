#include "tests/unit/admin/world.hpp"

using obliv::test::Json;
using obliv::test::World;

namespace {

const std::string path = "/api/v1/tokens/count";

Json chat(const std::string& text) {
    Json message{{"role", "user"}, {"content", text}};
    return Json{{"messages", Json::array({message})}};
}

}  // namespace

TEST_CASE("a text is counted, exactly where the encoding is public", "[admin]") {
    World world;
    auto known = world.good("POST", path, R"({"model":"gpt-4o","text":"hello world\u0000"})");
    CHECK(known["tokens"] == 3);
    CHECK(known["exact"] == true);
    CHECK(known["encoding"] == "o200k_base");
    auto guess = world.good("POST", path, R"({"model":"claude-sonnet-4","text":"hello world"})");
    CHECK(guess["exact"] == false);
    CHECK(guess["encoding"].is_null());
    CHECK(world.good("POST", path, R"({"model":"gpt-4o","text":""})")["tokens"] == 0);
}

TEST_CASE("a request of each format is counted", "[admin]") {
    World world;
    auto count = [&](const std::string& format, const Json& request) {
        Json body{{"model", "gpt-4o"}, {"format", format}, {"request", request}};
        return world.good("POST", path, body.dump())["tokens"].get<int>();
    };
    CHECK(count("openai", chat("hello")) == 8);
    CHECK(count("anthropic", chat("hello")) == 8);
    CHECK(count("responses", Json{{"input", "hello"}}) == 8);
    Json part{{"text", "hello"}};
    Json content{{"role", "user"}, {"parts", Json::array({part})}};
    CHECK(count("gemini", Json{{"contents", Json::array({content})}}) == 8);
}

TEST_CASE("whoever has a key may count", "[admin]") {
    World world;
    world.caller = World::token_caller(obliv::storage::TokenRole::relay);
    world.good("POST", path, R"({"model":"gpt-4o","text":"hello"})");
}

TEST_CASE("what cannot be counted is named", "[admin]") {
    World world;
    auto bad = [&](const std::string& body) {
        return world.bad("POST", path, body, "invalid_request").param();
    };
    CHECK(bad(R"({"text":"hello"})") == "model");
    CHECK(bad(R"({"model":"gpt-4o"})") == "text");
    CHECK(bad(R"({"model":"gpt-4o","text":"a","request":{}})") == "text");
    CHECK(bad(R"({"model":"gpt-4o","request":{"messages":7}})") == "request");
    CHECK(bad(R"({"model":"gpt-4o","request":[]})") == "request");
    CHECK(bad(R"({"model":"gpt-4o","text":7})") == "text");
    CHECK(bad(R"({"model":"gpt-4o","format":"morse","request":{}})") == "format");
    CHECK(bad(R"({"model":"gpt-4o","text":")" + std::string(1'000'001, 'a') + "\"}") == "text");
}
