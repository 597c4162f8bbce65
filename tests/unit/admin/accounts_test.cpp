#include "tests/unit/admin/world.hpp"

using namespace obliv;
using namespace obliv::test;

TEST_CASE("an account is opened, shown and changed", "[admin]") {
    World world;
    auto made = world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    CHECK(made["kind"] == "prepaid");
    CHECK(made["credit_limit"] == "0.00");
    CHECK(made["balance"] == "0.00");
    CHECK(made["held"] == "1.00");
    CHECK(made["available"] == "-1.00");
    auto credit = world.good("PATCH", "/api/v1/accounts/team",
                             R"({"kind":"credit","credit_limit":"20","name":"team2"})");
    CHECK(credit["kind"] == "credit");
    CHECK(credit["credit_limit"] == "20.00");
    CHECK(credit["available"] == "19.00");
    CHECK(world.good("GET", "/api/v1/accounts/team2")["id"] == made["id"]);
    auto unlimited = world.good("PATCH", "/api/v1/accounts/team2", R"({"kind":"unlimited"})");
    CHECK(unlimited["available"].is_null());
    CHECK(unlimited["credit_limit"] == "0.00");
    CHECK(world.host.publications == std::vector<std::string>(3, "accounts"));
}

TEST_CASE("the accounts of the books are shown and cannot be changed", "[admin]") {
    World world;
    auto revenue = world.good("GET", "/api/v1/accounts/revenue");
    CHECK(revenue["kind"] == "system");
    CHECK(revenue["available"].is_null());
    CHECK(world.good("GET", "/api/v1/accounts/10")["kind"] == "unlimited");
    world.bad("PATCH", "/api/v1/accounts/revenue", R"({"kind":"prepaid"})", "forbidden");
    world.bad("POST", "/api/v1/accounts/2/topup", R"({"amount":"1"})", "forbidden");
    world.bad("POST", "/api/v1/accounts/loss/adjust", R"({"amount":"1"})", "forbidden");
}

TEST_CASE("an account that makes no sense is refused", "[admin]") {
    World world;
    auto refused = [&](const std::string& body, const std::string& param) {
        CHECK(world.bad("POST", "/api/v1/accounts", body, "invalid_request").param() == param);
    };
    refused("", "name");
    refused(R"({"name":"a","kind":"system"})", "kind");
    refused(R"({"name":"a","kind":"gold"})", "kind");
    refused(R"({"name":"a","credit_limit":"5"})", "credit_limit");
    refused(R"({"name":"a","kind":"credit","credit_limit":"-5"})", "credit_limit");
    refused(R"({"name":"a","kind":"credit","credit_limit":5})", "credit_limit");
    refused(R"({"name":"a","balance":"5"})", "balance");
    world.bad("POST", "/api/v1/accounts", R"({"name":"admin"})", "conflict");
    world.bad("PATCH", "/api/v1/accounts/nobody", "{}", "not_found");
    world.bad("GET", "/api/v1/accounts/nobody", "", "not_found");
    world.bad("GET", "/api/v1/accounts/99999999999999999999", "", "not_found");
}

TEST_CASE("an account says what changes when little is left, and whether it has", "[admin]") {
    World world;
    auto made = world.good(
        "POST", "/api/v1/accounts",
        R"({"name":"team","degraded_models":{"gpt-5":"gpt-5-mini"},"degraded_concurrent_max":2})",
        201);
    CHECK(made["degraded"] == false);
    CHECK(made["degraded_models"] == nlohmann::json{{"gpt-5", "gpt-5-mini"}});
    CHECK(made["degraded_concurrent_max"] == 2);
    CHECK(made["degraded_requests_per_minute"].is_null());
    world.host.degraded = AccountId{std::stoll(made["id"].get<std::string>())};
    // What is not given stays, null and zero clear.
    auto more = world.good("PATCH", "/api/v1/accounts/team",
                           R"({"degraded_requests_per_minute":9,"degraded_concurrent_max":0})");
    CHECK(more["degraded"] == true);
    CHECK(more["degraded_models"] == made["degraded_models"]);
    CHECK(more["degraded_requests_per_minute"] == 9);
    CHECK(more["degraded_concurrent_max"].is_null());
    auto none = world.good("PATCH", "/api/v1/accounts/team",
                           R"({"degraded_models":null,"degraded_requests_per_minute":null})");
    CHECK(none["degraded_models"].empty());
    CHECK(none["degraded_requests_per_minute"].is_null());
    for (const char* bad : {R"({"degraded_models":{"/(/":"m"}})", R"({"degraded_models":{"m":""}})",
                            R"({"degraded_models":["m"]})"})
        CHECK(world.bad("PATCH", "/api/v1/accounts/team", bad, "invalid_request")
                  .param()
                  .starts_with("degraded_models"));
    world.bad("PATCH", "/api/v1/accounts/team", R"({"degraded_concurrent_max":-1})",
              "invalid_request");
}

TEST_CASE("a top-up is booked once for each operation id", "[admin]") {
    World world;
    world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    const std::string body = R"({"amount":"5.25","reason":"invoice 7","operation_id":"op-1"})";
    auto first = world.good("POST", "/api/v1/accounts/team/topup", body);
    CHECK(first["transfer"]["amount"] == "5.25");
    CHECK(first["transfer"]["kind"] == "topup");
    CHECK(first["transfer"]["reason"] == "invoice 7");
    CHECK(first["transfer"]["from_account_id"] == "2");
    CHECK(first["account"]["balance"] == "5.25");
    auto again = world.good("POST", "/api/v1/accounts/team/topup", body);
    CHECK(again["transfer"]["id"] == first["transfer"]["id"]);
    CHECK(again["account"]["balance"] == "5.25");
    // Without an id each is an operation of its own.
    world.good("POST", "/api/v1/accounts/team/topup", R"({"amount":"1"})");
    auto third = world.good("POST", "/api/v1/accounts/team/topup", R"({"amount":"1"})");
    CHECK(third["account"]["balance"] == "7.25");
    CHECK(third["transfer"]["reason"].is_null());
    CHECK_FALSE(third["transfer"]["operation_id"].get<std::string>().empty());
}

TEST_CASE("an adjustment goes both ways", "[admin]") {
    World world;
    world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    world.good("POST", "/api/v1/accounts/team/adjust", R"({"amount":"5"})");
    auto down = world.good("POST", "/api/v1/accounts/team/adjust", R"({"amount":"-2"})");
    CHECK(down["account"]["balance"] == "3.00");
    CHECK(down["transfer"]["amount"] == "2.00");
    CHECK(down["transfer"]["to_account_id"] == "2");
}

TEST_CASE("amounts that move nothing, or the wrong way, are refused", "[admin]") {
    World world;
    for (const auto* amount : {"\"0\"", "\"-1\"", "5", "\"five\"", "\"0.0000000001\"", "null",
                               "\"99999999999999999999\""}) {
        auto body = R"({"amount":)" + std::string(amount) + "}";
        CHECK(world.bad("POST", "/api/v1/accounts/10/topup", body, "invalid_request").param() ==
              "amount");
    }
    world.bad("POST", "/api/v1/accounts/10/topup", "", "invalid_request");
    world.bad("POST", "/api/v1/accounts/10/adjust", R"({"amount":"0"})", "invalid_request");
    world.bad("POST", "/api/v1/accounts/10/adjust",
              R"({"amount":"1","operation_id":")" + std::string(129, 'x') + "\"}",
              "invalid_request");
    world.bad("POST", "/api/v1/accounts/nobody/topup", R"({"amount":"1"})", "not_found");
    CHECK(world.good("GET", "/api/v1/ledger/entries")["data"].empty());
}

TEST_CASE("a walk over accounts sees all of them", "[admin]") {
    World world;
    for (const auto* name : {"a", "b", "c"})
        world.good("POST", "/api/v1/accounts", R"({"name":")" + std::string(name) + "\"}", 201);
    for (int limit : {1, 2, 7, 1000}) {
        auto names = world.walk("/api/v1/accounts", "name", limit);
        CHECK(std::set<std::string>(names.begin(), names.end()).size() == 7);
        CHECK(names.size() == 7);
    }
}
