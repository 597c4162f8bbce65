#include "tests/unit/admin/world.hpp"

using namespace obliv;
using namespace obliv::test;

TEST_CASE("codes are shown once and listed by how they begin", "[admin]") {
    World world;
    auto made = world.good(
        "POST", "/api/v1/redeem-codes",
        R"({"count":3,"amount":"5","batch":"b1","credit_lasts":"90d","expires_at":"2030-01-01"})",
        201);
    REQUIRE(made["data"].size() == 3);
    std::string code = made["data"][1]["code"];
    std::string prefix = made["data"][1]["prefix"];
    CHECK(code.starts_with(prefix));
    auto listed = world.good("GET", "/api/v1/redeem-codes?prefix=" + prefix);
    REQUIRE(listed["data"].size() == 1);
    CHECK_FALSE(listed["data"][0].contains("code"));
    CHECK(listed["data"][0]["state"] == "open");
    CHECK(listed["data"][0]["credit_lasts"] == "90d");
    CHECK(listed["data"][0]["expires_at"] == "2030-01-01T00:00:00.000Z");
    CHECK(world.good("GET", "/api/v1/redeem-codes?batch=b2")["data"].empty());
    CHECK(world.walk("/api/v1/redeem-codes?batch=b1", "id", 2).size() == 3);
    world.bad("GET", "/api/v1/redeem-codes?state=lost", "", "invalid_request");
}

TEST_CASE("an order of codes that makes no sense is refused", "[admin]") {
    World world;
    auto refused = [&](const std::string& body, const std::string& param) {
        CHECK(world.bad("POST", "/api/v1/redeem-codes", body, "invalid_request").param() == param);
    };
    refused(R"({"amount":"5"})", "count");
    refused(R"({"count":0,"amount":"5"})", "count");
    refused(R"({"count":1001,"amount":"5"})", "count");
    refused(R"({"count":1,"amount":"0"})", "amount");
    refused(R"({"count":1,"amount":"5","expires_at":"2020-01-01"})", "expires_at");
    refused(R"({"count":1,"amount":"5","credit_lasts":"soon"})", "credit_lasts");
    refused(R"({"count":1,"amount":"5","credit_lasts":"0s"})", "credit_lasts");
}

TEST_CASE("a code or a batch is revoked as far as it is unused", "[admin]") {
    World world;
    world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    auto made =
        world.good("POST", "/api/v1/redeem-codes", R"({"count":3,"amount":"5","batch":"b1"})", 201);
    auto id = made["data"][0]["id"].get<std::string>();
    auto code = made["data"][1]["code"].get<std::string>();
    world.good("POST", "/api/v1/redeem", R"({"code":")" + code + R"(","account":"team"})");
    CHECK(world.good("POST", "/api/v1/redeem-codes/revoke",
                     R"({"id":")" + id + R"("})")["revoked"] == 1);
    CHECK(world.good("POST", "/api/v1/redeem-codes/revoke", R"({"batch":"b1"})")["revoked"] == 1);
    world.bad("POST", "/api/v1/redeem-codes/revoke", R"({"batch":"b1"})", "not_found");
    world.bad("POST", "/api/v1/redeem-codes/revoke", R"({})", "invalid_request");
    CHECK(world.good("GET", "/api/v1/redeem-codes?state=revoked")["data"].size() == 2);
    CHECK(world.good("GET", "/api/v1/redeem-codes?state=used")["data"].size() == 1);
}

TEST_CASE("who redeems without a token says for whom", "[admin]") {
    World world;
    auto code = world
                    .good("POST", "/api/v1/redeem-codes", R"({"count":1,"amount":"5"})",
                          201)["data"][0]["code"]
                    .get<std::string>();
    CHECK(world.bad("POST", "/api/v1/redeem", R"({"code":")" + code + R"("})", "invalid_request")
              .param() == "account");
    world.caller = World::token_caller(storage::TokenRole::relay);
    world.bad("POST", "/api/v1/redeem", R"({"code":")" + code + R"(","account":"admin"})",
              "forbidden");
}
