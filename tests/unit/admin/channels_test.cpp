#include "tests/unit/admin/world.hpp"

using namespace obliv;
using namespace obliv::test;
using storage::Session;

namespace {

const std::string minimal =
    R"({"name":"eu","type":"openai","keys":["sk-abcdefghijklmnop"],"models":["gpt-4o"]})";

const std::string full = R"({"name":"eu","type":"openai","keys":["sk-abcdefghijklmnop","k2"],
    "models":["gpt-4o","o*","/^x/"],"base_url":"http://127.0.0.1:9/v1","aliases":{"fast":"gpt-4o"},
    "groups":["default","gold"],"priority":5,"weight":3,"enabled":false,
    "proxy":"http://127.0.0.1:3128","timeouts":{"connect_ms":100,"idle_ms":200}})";

storage::Channel stored(World& world, const std::string& name) {
    return must(world.host.database().read(
        [&](Session& session) { return session.channels().find(name); }));
}

void add(World& world, const std::string& name, const std::string& rest) {
    world.good("POST", "/api/v1/channels",
               R"({"name":")" + name + R"(","type":"openai","keys":["k"],)" + rest + "}", 201);
}

}  // namespace

TEST_CASE("a channel is added with its defaults", "[admin]") {
    World world;
    auto made = world.good("POST", "/api/v1/channels", minimal, 201);
    CHECK(made["base_url"].is_null());
    CHECK(made["groups"] == Json::array({"default"}));
    CHECK(made["priority"] == 0);
    CHECK(made["weight"] == 1);
    CHECK(made["enabled"] == true);
    CHECK(made["aliases"] == Json::object());
    CHECK(made["timeouts"]["idle_ms"].is_null());
    CHECK(made["health"]["state"] == "up");
    CHECK(world.host.publications == std::vector<std::string>{"channels"});
    CHECK(world.host.channels()->entries().size() == 1);
}

TEST_CASE("every field of a new channel is stored and shown, but for its keys", "[admin]") {
    World world;
    world.good("POST", "/api/v1/channels", full, 201);
    auto shown = world.good("GET", "/api/v1/channels/eu");
    CHECK(shown["models"] == Json::array({"gpt-4o", "o*", "/^x/"}));
    CHECK(shown["base_url"] == "http://127.0.0.1:9/v1");
    CHECK(shown["aliases"]["fast"] == "gpt-4o");
    CHECK(shown["groups"] == Json::array({"default", "gold"}));
    CHECK(shown["priority"] == 5);
    CHECK(shown["weight"] == 3);
    CHECK(shown["enabled"] == false);
    CHECK(shown["health"]["state"] == "disabled");
    CHECK(shown["proxy"] == "http://127.0.0.1:3128");
    CHECK(shown["timeouts"]["connect_ms"] == 100);
    CHECK(shown["timeouts"]["idle_ms"] == 200);
    CHECK(shown["timeouts"]["total_ms"].is_null());
    CHECK(shown["key_hints"] == Json::array({"sk-…mnop", "***"}));
    for (const auto* target : {"/api/v1/channels/eu", "/api/v1/channels"}) {
        auto text = world.good("GET", target).text;
        CHECK(text.find("abcdefgh") == std::string::npos);
        CHECK(text.find("\"k2\"") == std::string::npos);
    }
    CHECK(stored(world, "eu").keys.size() == 2);
}

TEST_CASE("a channel that cannot work is refused where it is wrong", "[admin]") {
    World world;
    auto refused = [&](const std::string& body, const std::string& param) {
        auto answer = world.bad("POST", "/api/v1/channels", body, "invalid_request");
        CHECK(answer.param() == param);
        return answer.message();
    };
    auto with = [](const std::string& field) {
        auto body = minimal;
        return body.insert(1, field + ",");
    };
    refused("", "name");
    refused(R"({"name":"a","type":"openai","keys":[]})", "models");
    CHECK_THAT(refused(R"({"name":"a","type":"opnai","keys":[],"models":["m"]})", "type"),
               Catch::Contains("did you mean 'openai'?"));
    refused(R"({"name":"explain","type":"openai","keys":[],"models":["m"]})", "name");
    refused(R"({"name":"a","type":"openai","keys":[],"models":["a*b"]})", "models[0]");
    refused(R"({"name":"a","type":"openai","keys":[],"models":["/a{9}/"]})", "models[0]");
    refused(with(R"("base_url":"api.example.com")"), "base_url");
    refused(with(R"("base_url":"https://u:p@example.com")"), "base_url");
    refused(with(R"("proxy":"https://example.com")"), "proxy");
    refused(with(R"("weight":-1)"), "weight");
    refused(with(R"("timeouts":{"idle_ms":0})"), "timeouts.idle_ms");
    refused(with(R"("key":"x")"), "key");
    CHECK(world.host.channels()->entries().empty());
    world.good("POST", "/api/v1/channels", minimal, 201);
    world.bad("POST", "/api/v1/channels", minimal, "conflict");
}

TEST_CASE("a change of a channel touches what it names, and null clears", "[admin]") {
    World world;
    world.good("POST", "/api/v1/channels", full, 201);
    world.host.clock_.advance(std::chrono::seconds(10));
    auto some = world.good("PATCH", "/api/v1/channels/eu",
                           R"({"enabled":true,"timeouts":{"connect_ms":null,"total_ms":300}})");
    CHECK(some["enabled"] == true);
    CHECK(some["timeouts"]["connect_ms"].is_null());
    CHECK(some["timeouts"]["idle_ms"] == 200);
    CHECK(some["timeouts"]["total_ms"] == 300);
    CHECK(some["models"].size() == 3);
    CHECK(some["updated_at"] == "2026-01-01T00:00:10.000Z");
    CHECK(some["created_at"] == "2026-01-01T00:00:00.000Z");
    CHECK(stored(world, "eu").keys.size() == 2);
    CHECK(world.host.channels()->entries()[0]->channel.enabled);

    auto cleared = world.good("PATCH", "/api/v1/channels/eu",
                              R"({"base_url":null,"aliases":null,"groups":null,"priority":null,
                                  "weight":null,"proxy":null,"timeouts":null,"keys":["new"]})");
    CHECK(cleared["base_url"].is_null());
    CHECK(cleared["aliases"] == Json::object());
    CHECK(cleared["groups"] == Json::array({"default"}));
    CHECK(cleared["priority"] == 0);
    CHECK(cleared["weight"] == 1);
    CHECK(cleared["proxy"].is_null());
    CHECK(cleared["timeouts"]["total_ms"].is_null());
    CHECK(stored(world, "eu").keys.front() == Secret("new"));

    world.bad("PATCH", "/api/v1/channels/eu", R"({"models":[]})", "invalid_request");
    world.bad("PATCH", "/api/v1/channels/eu", R"({"models":null})", "invalid_request");
    world.bad("PATCH", "/api/v1/channels/eu", R"({"type":"nope"})", "invalid_request");
    world.bad("PATCH", "/api/v1/channels/eu", R"({"name":"explain"})", "invalid_request");
    world.bad("PATCH", "/api/v1/channels/us", "{}", "not_found");
}

TEST_CASE("a removed channel is gone from the store and from the table", "[admin]") {
    World world;
    world.good("POST", "/api/v1/channels", minimal, 201);
    world.good("DELETE", "/api/v1/channels/eu", "", 204);
    world.bad("GET", "/api/v1/channels/eu", "", "not_found");
    world.bad("DELETE", "/api/v1/channels/eu", "", "not_found");
    CHECK(world.host.channels()->entries().empty());
    CHECK(world.good("GET", "/api/v1/channels")["data"].empty());
}

TEST_CASE("a channel shows how it has been doing", "[admin]") {
    World world;
    world.good("POST", "/api/v1/channels", minimal, 201);
    auto health = world.host.channels()->entries()[0]->health;
    auto now = world.host.clock().steady();
    for (int i = 0; i < 50; ++i) {
        health->begin(now);
        health->failed(channels::Cause::refused, "connection refused", nullptr, now);
    }
    health->begin(now);
    auto shown = world.good("GET", "/api/v1/channels/eu")["health"];
    CHECK(shown["failures"] == 50);
    CHECK(shown["in_flight"] == 1);
    CHECK(shown["last_error"] == "connection refused");
    CHECK(shown["state"] == "failing");
}

TEST_CASE("a channel is tested with the model that was asked for", "[admin]") {
    World world;
    add(world, "eu", R"("models":["o*","gpt-4o"],"aliases":{"fast":"gpt-4o-mini"})");
    add(world, "us", R"("models":["/x/"])");
    auto first = world.good("POST", "/api/v1/channels/eu/test");
    CHECK(first["model"] == "gpt-4o");
    CHECK(first["latency_ms"] == 12.5);
    CHECK(first["reply"] == "pong");
    CHECK(first["error"].is_null());
    CHECK(world.host.tested == "eu gpt-4o");
    world.good("POST", "/api/v1/channels/eu/test", R"({"model":"fast"})");
    CHECK(world.host.tested == "eu gpt-4o-mini");
    CHECK(world.bad("POST", "/api/v1/channels/eu/test", R"({"model":"claude"})", "invalid_request")
              .param() == "model");
    CHECK(world.bad("POST", "/api/v1/channels/us/test", "", "invalid_request").param() == "model");
    world.bad("POST", "/api/v1/channels/nobody/test", "", "not_found");
}

TEST_CASE("explain says who would serve a model and who would not", "[admin]") {
    World world;
    add(world, "a", R"("models":["gpt-4o"],"weight":3)");
    add(world, "b", R"("models":["gpt-*"],"weight":1)");
    add(world, "c", R"("models":["gpt-4o"],"groups":["gold"])");
    auto all = world.good("GET", "/api/v1/channels/explain?model=gpt-4o");
    CHECK(all["group"] == "default");
    REQUIRE(all["candidates"].size() == 2);
    CHECK(all["candidates"][0]["channel"]["name"] == "a");
    CHECK(all["candidates"][0]["share"] == 0.75);
    CHECK(all["candidates"][1]["matched_by"] == "gpt-*");
    REQUIRE(all["excluded"].size() == 1);
    CHECK(all["excluded"][0]["channel"]["name"] == "c");
    auto gold = world.good("GET", "/api/v1/channels/explain?model=gpt-4o&group=gold");
    CHECK(gold["candidates"].size() == 1);
    CHECK(world.bad("GET", "/api/v1/channels/explain", "", "invalid_request").param() == "model");
    world.bad("GET", "/api/v1/channels/explain?model=a%20b", "", "invalid_request");
}

TEST_CASE("models are listed with their channels and prices", "[admin]") {
    World world;
    add(world, "a", R"("models":["gpt-4o","o1"])");
    add(world, "b", R"("models":["gpt-*"],"aliases":{"fast":"gpt-4o"})");
    add(world, "c", R"("models":["secret"],"groups":["gold"])");
    world.good("PUT", "/api/v1/prices/gpt-4o", R"({"input":"2.5","output":"10"})");
    auto list = world.good("GET", "/api/v1/models");
    std::map<std::string, Json> models;
    for (const auto& row : list["data"])
        models[row["id"]] = row;
    CHECK(models.size() == 3);
    CHECK(models["gpt-4o"]["channels"] == Json::array({"a", "b"}));
    CHECK(models["gpt-4o"]["price"]["input"] == "2.50");
    CHECK(models["o1"]["price"].is_null());
    CHECK(models["fast"]["channels"] == Json::array({"b"}));
    CHECK(world.good("GET", "/api/v1/models?group=gold")["data"].size() == 1);
    for (int limit : {1, 2, 3, 1000})
        CHECK(world.walk("/api/v1/models", "id", limit) ==
              std::vector<std::string>{"fast", "gpt-4o", "o1"});
    world.bad("GET", "/api/v1/models?cursor=models.zz", "", "invalid_request");
    world.bad("GET", "/api/v1/models?limit=0", "", "invalid_request");
}

TEST_CASE("the types of channels are listed", "[admin]") {
    World world;
    auto list = world.good("GET", "/api/v1/providers");
    REQUIRE_FALSE(list["data"].empty());
    bool openai = false;
    for (const auto& row : list["data"])
        openai = openai || row["type"] == "openai";
    CHECK(openai);
}
