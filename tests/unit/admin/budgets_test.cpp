#include "tests/unit/admin/world.hpp"

using namespace obliv;
using namespace obliv::test;

TEST_CASE("a budget is made, changed and removed", "[admin]") {
    World world;
    world.good("POST", "/api/v1/accounts", R"({"name":"team","time_zone":"Europe/Berlin"})", 201);
    auto made = world.good(
        "POST", "/api/v1/budgets",
        R"({"scope":"account","of":"team","period":"day","amount":"5","model":"gpt-4*"})", 201);
    CHECK(made["scope"] == "account");
    CHECK(made["model"] == "gpt-4*");
    CHECK(made["amount"] == "5.00");
    auto path = "/api/v1/budgets/" + made["id"].get<std::string>();
    CHECK(world.good("PATCH", path, R"({"amount":"7"})")["amount"] == "7.00");
    CHECK(world.good("GET", path)["of"] == made["of"]);
    CHECK(world.good("GET", "/api/v1/budgets")["data"].size() == 1);
    CHECK(world.host.publications.back() == "tokens");
    world.good("DELETE", path, "", 204);
    world.bad("GET", path, "", "not_found");
    world.bad("PATCH", path, R"({"amount":"7"})", "not_found");
    CHECK(world.host.publications.size() == 4);
}

TEST_CASE("a budget that makes no sense is refused", "[admin]") {
    World world;
    auto refused = [&](const std::string& body, const std::string& param) {
        CHECK(world.bad("POST", "/api/v1/budgets", body, "invalid_request").param() == param);
    };
    refused(R"({"scope":"token","period":"day","amount":"5"})", "of");
    refused(R"({"scope":"token","of":"nobody","period":"day","amount":"5"})", "of");
    refused(R"({"scope":"user","of":"77","period":"day","amount":"5"})", "of");
    refused(R"({"scope":"account","of":"revenue","period":"day","amount":"5"})", "of");
    refused(R"({"scope":"everyone","of":"admin","period":"day","amount":"5"})", "of");
    refused(R"({"scope":"everyone","period":"week","amount":"5"})", "period");
    refused(R"({"scope":"everyone","period":"day","amount":"-5"})", "amount");
    refused(R"({"scope":"everyone","period":"day","amount":"5","model":"/(/"})", "model");
    const std::string body = R"({"scope":"user","of":"1","period":"month","amount":"5"})";
    world.good("POST", "/api/v1/budgets", body, 201);
    world.bad("POST", "/api/v1/budgets", body, "conflict");
}

TEST_CASE("an account has clocks that exist", "[admin]") {
    World world;
    CHECK(world.good("GET", "/api/v1/accounts/admin")["time_zone"] == "UTC");
    auto set = [&](const std::string& zone) { return R"({"time_zone":")" + zone + R"("})"; };
    CHECK(world.good("PATCH", "/api/v1/accounts/admin", set("Asia/Tokyo"))["time_zone"] ==
          "Asia/Tokyo");
    CHECK(world.bad("PATCH", "/api/v1/accounts/admin", set("Asia/Atlantis"), "invalid_request")
              .param() == "time_zone");
    CHECK(world.good("PATCH", "/api/v1/accounts/admin", R"({"time_zone":null})")["time_zone"] ==
          "UTC");
}

TEST_CASE("a statement is of one month, and its lines add up to it", "[admin]") {
    World world;
    world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    for (int i = 0; i < 5; ++i)
        world.good("POST", "/api/v1/accounts/team/topup", R"({"amount":"2"})");
    world.good("POST", "/api/v1/accounts/team/adjust", R"({"amount":"-1","reason":"why"})");
    auto sums = world.good("GET", "/api/v1/accounts/team/statement?month=2026-01");
    CHECK(sums["opening"] == "0.00");
    CHECK(sums["in"] == "10.00");
    CHECK(sums["out"] == "1.00");
    CHECK(sums["closing"] == "9.00");
    CHECK(sums["transfers"] == 6);
    CHECK(sums["since"] == "2026-01-01T00:00:00.000Z");
    CHECK(sums["until"] == "2026-02-01T00:00:00.000Z");
    auto next = world.good("GET", "/api/v1/accounts/team/statement?month=2026-02");
    CHECK(next["opening"] == "9.00");
    CHECK(next["closing"] == "9.00");
    auto path = "/api/v1/accounts/team/statement/lines?month=2026-01";
    auto amounts = world.walk(path, "amount", 4);
    CHECK(amounts == std::vector<std::string>{"2.00", "2.00", "2.00", "2.00", "2.00", "-1.00"});
    CHECK(world.good("GET", path)["data"][5]["reason"] == "why");
    for (const char* month : {"", "2026", "2026-13", "2026-00", "26-01-01", "2026/01"})
        CHECK(world
                  .bad("GET", "/api/v1/accounts/team/statement?month=" + std::string(month), "",
                       "invalid_request")
                  .param() == "month");
    world.bad("GET", "/api/v1/accounts/revenue/statement?month=2026-01", "", "forbidden");
}

TEST_CASE("lots are listed and money is moved between payers only", "[admin]") {
    World world;
    world.good("POST", "/api/v1/accounts", R"({"name":"team"})", 201);
    auto until = world.good("POST", "/api/v1/accounts/team/topup",
                            R"({"amount":"2","expires_at":"2030-01-01"})");
    CHECK(until["transfer"]["expires_at"] == "2030-01-01T00:00:00.000Z");
    CHECK(world.good("GET", "/api/v1/accounts/team/lots")["data"][0]["left"] == "2.00");
    CHECK(world
              .bad("POST", "/api/v1/accounts/team/topup",
                   R"({"amount":"2","expires_at":"2020-01-01"})", "invalid_request")
              .param() == "expires_at");
    world.good("POST", "/api/v1/accounts/team/topup", R"({"amount":"5"})");
    auto moved = world.good("POST", "/api/v1/accounts/team/transfer",
                            R"({"to":"admin","amount":"3","operation_id":"x"})");
    CHECK(moved["transfer"]["kind"] == "transfer");
    CHECK(moved["transfer"]["to_account_id"] == "10");
    auto refused = [&](const std::string& body, const std::string& code) {
        return world.bad("POST", "/api/v1/accounts/team/transfer", body, code).param();
    };
    CHECK(refused(R"({"to":"team","amount":"3"})", "invalid_request") == "to");
    CHECK(refused(R"({"to":"nobody","amount":"3"})", "invalid_request") == "to");
    CHECK(refused(R"({"to":"admin","amount":"-3"})", "invalid_request") == "amount");
    refused(R"({"to":"revenue","amount":"3"})", "forbidden");
    world.bad("POST", "/api/v1/accounts/funding/transfer", R"({"to":"team","amount":"3"})",
              "forbidden");
}
