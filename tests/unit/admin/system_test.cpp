#include "tests/unit/admin/world.hpp"

#include "core/api/schema.hpp"
#include "core/base/text.hpp"
#include "daemon/admin/routes.hpp"

using namespace obliv;
using namespace obliv::test;

TEST_CASE("everybody with a credential learns who they are", "[admin]") {
    World world;
    auto local = world.good("GET", "/api/v1/whoami");
    CHECK(local["role"] == "admin");
    CHECK(local["via"] == "socket");
    CHECK(local["token"].is_null());
    CHECK(local["account"].is_null());
    world.caller = World::token_caller(storage::TokenRole::relay);
    auto relay = world.good("GET", "/api/v1/whoami");
    CHECK(relay["role"] == "relay");
    CHECK(relay["via"] == "token");
    CHECK(relay["token"]["name"] == "caller");
    CHECK(relay["account"]["id"] == "10");
    world.caller.local = true;
    auto both = world.good("GET", "/api/v1/whoami");
    CHECK(both["role"] == "admin");
    CHECK(both["via"] == "socket");
    CHECK(both["token"]["name"] == "caller");
    world.caller = {};
    CHECK(world.bad("GET", "/api/v1/whoami", "", "unauthenticated").status == 401);
}

TEST_CASE("status, reload, drain and log level reach the daemon", "[admin]") {
    World world;
    auto status = world.good("GET", "/api/v1/system/status");
    CHECK(status["version"] == "1.2.3");
    CHECK(status["uptime_s"] == 5);
    CHECK(status["commit_lag_ms"] == 1.5);
    CHECK(status["ready"] == true);
    CHECK(status["draining"] == false);
    CHECK(status["channels"] == 0);

    world.host.reloaded = std::vector<std::string>{"listen"};
    CHECK(world.good("POST", "/api/v1/system/reload")["needs_restart"] == Json::array({"listen"}));
    world.host.reloaded = fail(Code::config_invalid, "oblivd.toml:3:1: unknown key");
    auto refused = world.bad("POST", "/api/v1/system/reload", "", "config_invalid");
    CHECK(refused.status == 422);
    CHECK(refused.message() == "oblivd.toml:3:1: unknown key");

    CHECK_FALSE(world.host.drained);
    world.good("POST", "/api/v1/system/drain", "", 202);
    CHECK(world.host.drained);

    CHECK(world.good("PUT", "/api/v1/system/log-level", R"({"level":"debug"})")["level"] ==
          "debug");
    CHECK(world.host.log_level == log::Level::debug);
    for (const auto* body : {"", R"({"level":"loud"})", R"({"level":1})", R"({"level":null})"})
        CHECK(world.bad("PUT", "/api/v1/system/log-level", body, "invalid_request").param() ==
              "level");
}

TEST_CASE("every level that the schema allows is one of the log", "[admin]") {
    World world;
    for (const auto* level : {"err", "warning", "notice", "info", "debug"})
        world.good("PUT", "/api/v1/system/log-level", R"({"level":")" + std::string(level) + "\"}");
}

TEST_CASE("the OpenAPI document has exactly the routes", "[admin]") {
    World world;
    world.caller = {};
    auto document = world.good("GET", "/openapi.json");
    CHECK(document["openapi"] == "3.1.0");
    std::set<std::string> told;
    for (const auto& [path, item] : document["paths"].items())
        for (const auto& [method, operation] : item.items())
            CHECK(told.insert(method + " " + path).second);
    std::set<std::string> there;
    for (const auto& route : admin::routes()) {
        std::string method;
        for (char c : route.operation.method)
            method += lower(c);
        CHECK(there.insert(method + " " + std::string(route.operation.path)).second);
        CHECK(route.handler != nullptr);
        CHECK_FALSE(route.operation.summary.empty());
    }
    CHECK(told == there);
}

TEST_CASE("every schema is used, and every one that is used exists", "[admin]") {
    auto text = admin::openapi();
    auto document = Json::parse(text);
    for (const auto& schema : api::all_schemas()) {
        INFO(schema.name);
        CHECK(text.find("\"#/components/schemas/" + std::string(schema.name) + "\"") !=
              std::string::npos);
    }
    std::string_view rest = text;
    constexpr std::string_view mark = "#/components/schemas/";
    while (true) {
        auto at = rest.find(mark);
        if (at == std::string_view::npos)
            break;
        rest.remove_prefix(at + mark.size());
        auto name = std::string(rest.substr(0, rest.find('"')));
        CHECK(document["components"]["schemas"].contains(name));
    }
}
