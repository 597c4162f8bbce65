#include "core/base/digest.hpp"
#include "tests/unit/admin/world.hpp"

using namespace obliv;
using namespace obliv::test;
using storage::Session;

namespace {

storage::Token stored(World& world, const std::string& name) {
    return must(
        world.host.database().read([&](Session& session) { return session.tokens().find(name); }));
}

const std::string full = R"({"name":"ci","group":"gold","models":["gpt-4*","o1"],"budget":"5.00",
    "expires_at":"2026-06-01T00:00:00Z","requests_per_minute":60,"concurrent_max":4})";

}  // namespace

TEST_CASE("a token is made with its key, which is shown once and stored as a digest", "[admin]") {
    World world;
    auto made = world.good("POST", "/api/v1/tokens", R"({"name":"ci"})", 201);
    std::string key = made["key"];
    CHECK(key.starts_with("sk-"));
    CHECK(made["role"] == "relay");
    CHECK(made["group"] == "default");
    CHECK(made["models"] == Json::array());
    CHECK(made["budget"].is_null());
    CHECK(made["requests_per_minute"].is_null());
    CHECK(made["expires_at"].is_null());
    CHECK(made["account_id"] == "10");
    CHECK(made["spent"] == "1.25");
    CHECK(made["created_at"] == "2026-01-01T00:00:00.000Z");
    CHECK(stored(world, "ci").digest == sha256(key));
    CHECK(world.host.publications == std::vector<std::string>{"tokens"});

    auto shown = world.good("GET", "/api/v1/tokens/ci");
    CHECK_FALSE(shown.body.contains("key"));
    CHECK(shown.text.find(key) == std::string::npos);
    CHECK(shown["hint"] == made["hint"]);
    CHECK(world.good("GET", "/api/v1/tokens").text.find(key) == std::string::npos);
}

TEST_CASE("every field of a new token is stored and shown", "[admin]") {
    World world;
    auto account = world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    auto body = full;
    body.insert(1, R"("role":"admin","account":"team",)");
    auto made = world.good("POST", "/api/v1/tokens", body, 201);
    auto shown = world.good("GET", "/api/v1/tokens/" + made["id"].get<std::string>());
    CHECK(shown["name"] == "ci");
    CHECK(shown["role"] == "admin");
    CHECK(shown["group"] == "gold");
    CHECK(shown["models"] == Json::array({"gpt-4*", "o1"}));
    CHECK(shown["budget"] == "5.00");
    CHECK(shown["expires_at"] == "2026-06-01T00:00:00.000Z");
    CHECK(shown["requests_per_minute"] == 60);
    CHECK(shown["concurrent_max"] == 4);
    CHECK(shown["account_id"] == account["id"]);
}

TEST_CASE("a token that cannot be made is refused where it is wrong", "[admin]") {
    World world;
    auto refused = [&](const std::string& body, const std::string& param) {
        auto answer = world.bad("POST", "/api/v1/tokens", body, "invalid_request");
        CHECK(answer.status == 400);
        CHECK(answer.param() == param);
    };
    refused("", "name");
    refused(R"({"name":""})", "name");
    refused(R"({"name":"12"})", "name");
    refused(R"({"name":"a","nmae":"b"})", "nmae");
    refused(R"({"name":"a","models":["x*y"]})", "models[0]");
    refused(R"({"name":"a","models":["a","/(/"]})", "models[1]");
    refused(R"({"name":"a","models":["/(a)\\1/"]})", "models[0]");
    refused(R"({"name":"a","budget":5})", "budget");
    refused(R"({"name":"a","budget":"-5"})", "budget");
    refused(R"({"name":"a","expires_at":"2025-12-31T23:59:59Z"})", "expires_at");
    refused(R"({"name":"a","account":"revenue"})", "account");
    refused(R"({"name":"a","requests_per_minute":-1})", "requests_per_minute");
    refused(R"({"name":"a","concurrent_max":4294967296})", "concurrent_max");
    CHECK(world.bad("POST", "/api/v1/tokens", R"({"name":"a","account":"nobody"})", "not_found")
              .param() == "account");
    CHECK(world.walk("/api/v1/tokens", "name", 10).empty());
}

TEST_CASE("two tokens cannot have one name", "[admin]") {
    World world;
    world.good("POST", "/api/v1/tokens", R"({"name":"a"})", 201);
    world.good("POST", "/api/v1/tokens", R"({"name":"b"})", 201);
    CHECK(world.bad("POST", "/api/v1/tokens", R"({"name":"a"})", "conflict").status == 409);
    world.bad("PATCH", "/api/v1/tokens/b", R"({"name":"a"})", "conflict");
    CHECK(world.good("GET", "/api/v1/tokens/b")["name"] == "b");
}

TEST_CASE("a change touches what it names, and null clears", "[admin]") {
    World world;
    world.good("POST", "/api/v1/tokens", full, 201);
    auto before = stored(world, "ci");
    auto same = world.good("PATCH", "/api/v1/tokens/ci", "{}");
    CHECK(same["budget"] == "5.00");
    CHECK(same["models"] == Json::array({"gpt-4*", "o1"}));
    auto some = world.good("PATCH", "/api/v1/tokens/ci", R"({"budget":"7.5","name":"ci2"})");
    CHECK(some["budget"] == "7.50");
    CHECK(some["name"] == "ci2");
    CHECK(some["group"] == "gold");
    CHECK(some["requests_per_minute"] == 60);
    auto cleared = world.good("PATCH", "/api/v1/tokens/ci2",
                              R"({"group":null,"models":null,"budget":null,"expires_at":null,
                                  "account":null,"requests_per_minute":null,"concurrent_max":null})");
    CHECK(cleared["group"] == "default");
    CHECK(cleared["models"] == Json::array());
    CHECK(cleared["budget"].is_null());
    CHECK(cleared["expires_at"].is_null());
    CHECK(cleared["requests_per_minute"].is_null());
    CHECK(cleared["concurrent_max"].is_null());
    CHECK(cleared["account_id"] == "10");
    CHECK(stored(world, "ci2").digest == before.digest);
    CHECK(world.host.publications.size() == 4);

    world.bad("PATCH", "/api/v1/tokens/ci2", R"({"role":"admin"})", "invalid_request");
    world.bad("PATCH", "/api/v1/tokens/ci2", R"({"name":null})", "invalid_request");
    world.bad("PATCH", "/api/v1/tokens/ci2", R"({"group":"new","models":["x*y"]})",
              "invalid_request");
    CHECK(world.good("GET", "/api/v1/tokens/ci2")["group"] == "default");
    world.bad("PATCH", "/api/v1/tokens/nobody", "{}", "not_found");
}

TEST_CASE("a rotated token has another key and keeps the rest", "[admin]") {
    World world;
    auto made = world.good("POST", "/api/v1/tokens", full, 201);
    auto rotated = world.good("POST", "/api/v1/tokens/ci/rotate");
    CHECK(rotated["key"] != made["key"]);
    CHECK(rotated["id"] == made["id"]);
    CHECK(rotated["budget"] == made["budget"]);
    CHECK(stored(world, "ci").digest == sha256(rotated["key"].get<std::string>()));
    world.bad("POST", "/api/v1/tokens/nobody/rotate", "", "not_found");
}

TEST_CASE("a revoked token keeps the time of its end until it is restored", "[admin]") {
    World world;
    world.good("POST", "/api/v1/tokens", R"({"name":"a"})", 201);
    auto revoked = world.good("POST", "/api/v1/tokens/a/revoke", "{}");
    CHECK(revoked["revoked_at"] == "2026-01-01T00:00:00.000Z");
    world.host.clock_.advance(std::chrono::hours(1));
    CHECK(world.good("POST", "/api/v1/tokens/a/revoke")["revoked_at"] == revoked["revoked_at"]);
    CHECK(world.good("POST", "/api/v1/tokens/a/restore")["revoked_at"].is_null());
    world.bad("POST", "/api/v1/tokens/nobody/revoke", "", "not_found");
    world.bad("POST", "/api/v1/tokens/nobody/restore", "", "not_found");
    world.bad("POST", "/api/v1/tokens/a/revoke", R"({"x":1})", "invalid_request");
}

TEST_CASE("a removed token is gone and its name is free", "[admin]") {
    World world;
    auto first = world.good("POST", "/api/v1/tokens", R"({"name":"a"})", 201);
    world.good("DELETE", "/api/v1/tokens/a", "", 204);
    world.bad("GET", "/api/v1/tokens/a", "", "not_found");
    world.bad("GET", "/api/v1/tokens/" + first["id"].get<std::string>(), "", "not_found");
    world.bad("DELETE", "/api/v1/tokens/a", "", "not_found");
    world.good("POST", "/api/v1/tokens", R"({"name":"a"})", 201);
    CHECK(world.host.publications.size() == 3);
}

TEST_CASE("a change that was stored and not published says so", "[admin]") {
    World world;
    world.host.publish_error = fail(Code::unavailable, "the loops do not answer");
    auto answer = world.call("POST", "/api/v1/tokens", R"({"name":"a"})");
    CHECK(answer.status == 503);
    CHECK(answer.text.find("sk-") == std::string::npos);
}

TEST_CASE("a walk over tokens sees each once, whatever comes and goes meanwhile", "[admin]") {
    World world;
    auto add = [&](int n) {
        world.good("POST", "/api/v1/tokens", R"({"name":"t)" + std::to_string(n) + "\"}", 201);
    };
    for (int n = 0; n < 7; ++n)
        add(n);
    std::multiset<std::string> seen;
    std::string cursor;
    for (int page = 0; page < 100; ++page) {
        auto answer = world.good("GET", "/api/v1/tokens?limit=2" +
                                            (cursor.empty() ? "" : "&cursor=" + cursor));
        for (const auto& row : answer["data"])
            seen.insert(row["name"].get<std::string>());
        if (answer["next_cursor"].is_null())
            break;
        cursor = answer["next_cursor"];
        if (page < 2)
            add(100 + page);
        if (page == 1)
            world.good("DELETE", "/api/v1/tokens/t0", "", 204);
    }
    for (int n = 0; n < 7; ++n)
        CHECK(seen.count("t" + std::to_string(n)) == 1);
    CHECK(seen.count("t100") == 1);
    for (int limit : {1, 3, 8, 1000})
        CHECK(world.walk("/api/v1/tokens", "name", limit).size() == 8);
}
