#include "tests/unit/admin/world.hpp"

#include <algorithm>

using namespace obliv;
using namespace obliv::test;
using storage::Session;

namespace {

/// Stores `count` calls of the administrator's account, ids from `first`.
void store_calls(World& world, std::int64_t first, std::int64_t count) {
    std::vector<storage::Call> calls;
    for (auto id = first; id < first + count; ++id) {
        auto call = sample_call(id, storage::admin_account, {}, id * 10);
        call.time = world.host.clock().wall() - std::chrono::hours(id);
        call.token = TokenId{id % 2 + 1};
        call.channel = ChannelId{3};
        call.model = id % 2 == 0 ? "even" : "odd";
        call.ttft_us = 1500;
        calls.push_back(call);
    }
    must(world.host.database().write([&](Session& session) {
        std::vector<const storage::Call*> pointers;
        for (const auto& call : calls)
            pointers.push_back(&call);
        return session.ledger().append(pointers);
    }));
}

}  // namespace

TEST_CASE("a call is shown with all that is known of it", "[admin]") {
    World world;
    store_calls(world, 1, 1);
    auto call = world.good("GET", "/api/v1/calls/request-1");
    CHECK(call["model"] == "odd");
    CHECK(call["model_served"] == "served");
    CHECK(call["usage"]["input"] == 7);
    CHECK(call["usage"]["output"] == 10);
    CHECK(call["usage_source"] == "provider");
    CHECK(call["price_version"].is_null());
    CHECK(call["unpriced"] == true);
    CHECK(call["cost"] == "0.00000001");
    CHECK(call["ttft_ms"] == 1.5);
    CHECK(call["finish_reason"] == "stop");
    CHECK(call["error"].is_null());
    CHECK(call["token_id"] == "2");
    CHECK(call["time"] == "2025-12-31T23:00:00.000Z");
    world.bad("GET", "/api/v1/calls/none", "", "not_found");
}

TEST_CASE("a call that reached no provider shows what it has not", "[admin]") {
    World world;
    auto failed = sample_call(5, storage::admin_account);
    failed.source = llm::UsageSource::none;
    failed.channel = {};
    failed.model_served = "";
    failed.finish_reason = "";
    failed.ttft_us = -1;
    failed.user_agent = "curl\xff";
    failed.error = "no_channel";
    must(world.host.database().write([&](Session& session) {
        const storage::Call* one = &failed;
        return session.ledger().append({&one, 1});
    }));
    auto call = world.good("GET", "/api/v1/calls/request-5");
    CHECK(call["channel_id"].is_null());
    CHECK(call["model_served"].is_null());
    CHECK(call["finish_reason"].is_null());
    CHECK(call["error"] == "no_channel");
    CHECK(call["ttft_ms"].is_null());
    CHECK(call["unpriced"] == false);
    CHECK(call["user_agent"] == "curl\xef\xbf\xbd");
}

TEST_CASE("usage is listed newest first and filtered", "[admin]") {
    World world;
    store_calls(world, 1, 6);
    auto all = world.walk("/api/v1/usage", "request_id", 100);
    CHECK(all == std::vector<std::string>{"request-6", "request-5", "request-4", "request-3",
                                          "request-2", "request-1"});
    CHECK(world.walk("/api/v1/usage?model=even", "request_id", 2).size() == 3);
    CHECK(world.walk("/api/v1/usage?token=1", "request_id", 2).size() == 3);
    CHECK(world.walk("/api/v1/usage?account=admin", "request_id", 2).size() == 6);
    CHECK(world.walk("/api/v1/usage?account=3", "request_id", 2).empty());
    CHECK(world.walk("/api/v1/usage?channel=3", "request_id", 4).size() == 6);
    CHECK(world.walk("/api/v1/usage?since=-150m", "request_id", 4).size() == 2);
    CHECK(world.walk("/api/v1/usage?until=-150m", "request_id", 4).size() == 4);
    CHECK(world.walk("/api/v1/usage?since=2025-12-31T22:00:00Z", "request_id", 4).size() == 2);
    auto bad = [&](const std::string& query, const std::string& code, const std::string& param) {
        CHECK(world.bad("GET", "/api/v1/usage?" + query, "", code).param() == param);
    };
    bad("since=yesterday", "invalid_request", "since");
    bad("until=x", "invalid_request", "until");
    bad("token=nobody", "not_found", "token");
    bad("account=nobody", "not_found", "account");
    bad("channel=nobody", "not_found", "channel");
    bad("channel=99999999999999999999", "not_found", "channel");
    bad("error=bad_luck", "invalid_request", "error");
}

TEST_CASE("what failed is found by its error, and a caller who left is no failure", "[admin]") {
    World world;
    std::vector<storage::Call> calls;
    for (const char* error : {"", "upstream_timeout", "cancelled", "upstream_failed"}) {
        calls.push_back(
            sample_call(static_cast<std::int64_t>(calls.size()) + 1, storage::admin_account));
        calls.back().error = error;  // each began with status 200, as a stream does
    }
    // As a release wrote it that knew no errors.
    calls.push_back(sample_call(5, storage::admin_account));
    calls.back().status = 502;
    must(world.host.database().write([&](Session& session) {
        std::vector<const storage::Call*> pointers;
        for (const auto& call : calls)
            pointers.push_back(&call);
        return session.ledger().append(pointers);
    }));
    CHECK(world.walk("/api/v1/usage?error=upstream_timeout", "request_id", 4) ==
          std::vector<std::string>{"request-2"});
    CHECK(world.walk("/api/v1/usage?error=timeout", "request_id", 4).empty());
    auto all = world.good("GET", "/api/v1/usage/report");
    CHECK(all["data"][0]["requests"] == 5);
    CHECK(all["data"][0]["errors"] == 3);
    auto some = world.good("GET", "/api/v1/usage/report?error=cancelled");
    CHECK(some["data"][0]["requests"] == 1);
    CHECK(some["data"][0]["errors"] == 0);
}

TEST_CASE("a walk over usage is not disturbed by new calls", "[admin]") {
    World world;
    store_calls(world, 1, 5);
    auto first = world.good("GET", "/api/v1/usage?limit=2");
    store_calls(world, 100, 3);
    std::vector<std::string> seen;
    for (const auto& row : first["data"])
        seen.push_back(row["request_id"]);
    auto rest = world.good("GET", "/api/v1/usage?limit=1000&cursor=" +
                                      first["next_cursor"].get<std::string>());
    for (const auto& row : rest["data"])
        seen.push_back(row["request_id"]);
    CHECK(seen == std::vector<std::string>{"request-5", "request-4", "request-3", "request-2",
                                           "request-1"});
}

TEST_CASE("usage is summed by what is asked", "[admin]") {
    World world;
    store_calls(world, 1, 4);
    auto report = world.good("GET", "/api/v1/usage/report");
    CHECK(report["by"] == Json::array({"model"}));
    REQUIRE(report["data"].size() == 2);
    CHECK(report["data"][0]["model"] == "even");
    CHECK(report["data"][0]["requests"] == 2);
    CHECK(report["data"][0]["cost"] == "0.00000006");
    CHECK(report["data"][0]["usage"]["input"] == 14);
    CHECK_FALSE(report["data"][0].contains("day"));
    auto two = world.good("GET", "/api/v1/usage/report?by=day,token&since=-150m");
    CHECK(two["by"] == Json::array({"day", "token"}));
    REQUIRE(two["data"].size() == 2);
    CHECK(two["data"][0]["day"] == "2025-12-31");
    CHECK(two["data"][0]["token"] == "1");
    for (const auto* by : {"models", "model,", "model,model", ",", "model%2Cday%2Cx"})
        CHECK(world.bad("GET", "/api/v1/usage/report?by=" + std::string(by), "", "invalid_request")
                  .param() == "by");
}

TEST_CASE("entries sum to zero for each event and name their request", "[admin]") {
    World world;
    store_calls(world, 1, 3);
    world.good("POST", "/api/v1/accounts/admin/topup", R"({"amount":"5","reason":"start"})");
    auto all = world.good("GET", "/api/v1/ledger/entries?limit=1000");
    Money sum;
    for (const auto& row : all["data"])
        sum += *Money::parse(row["amount"].get<std::string>());
    CHECK(sum == Money{});
    CHECK(all["data"][0]["kind"] == "topup");
    CHECK(all["data"][0]["call"].is_null());
    CHECK(all["data"][0]["reason"] == "start");
    auto of_call = world.good("GET", "/api/v1/ledger/entries?call=request-2");
    REQUIRE_FALSE(of_call["data"].empty());
    for (const auto& row : of_call["data"])
        CHECK(row["call"] == "request-2");
    auto of_revenue = world.good("GET", "/api/v1/ledger/entries?account=revenue");
    CHECK_FALSE(of_revenue["data"].empty());
    for (const auto& row : of_revenue["data"])
        CHECK(row["account_id"] == "1");
    for (int limit : {1, 2, 5}) {
        auto ids = world.walk("/api/v1/ledger/entries", "id", limit);
        CHECK(ids.size() == all["data"].size());
        CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
    }
    CHECK(world.bad("GET", "/api/v1/ledger/entries?call=none", "", "not_found").param() == "call");
    world.bad("GET", "/api/v1/ledger/entries?account=nobody", "", "not_found");
}

TEST_CASE("the books are verified and their problems told", "[admin]") {
    World world;
    auto clean = world.good("POST", "/api/v1/ledger/verify");
    CHECK(clean["ok"] == true);
    CHECK(clean["charges"] == 0);
    auto wrong = sample_call(1, storage::admin_account, PriceId{999}, 10);
    must(world.host.database().write([&](Session& session) {
        const storage::Call* one = &wrong;
        return session.ledger().append({&one, 1});
    }));
    auto found = world.good("POST", "/api/v1/ledger/verify");
    CHECK(found["ok"] == false);
    CHECK_FALSE(found["problems"].empty());
}

TEST_CASE("a request shows its record, and a plain one what its row tells", "[admin]") {
    World world;
    auto plain = sample_call(1, storage::admin_account);
    plain.channel = ChannelId{3};
    auto failed_over = sample_call(2, storage::admin_account);
    failed_over.channel = ChannelId{4};
    failed_over.attempts = 2;
    failed_over.record =
        R"({"group":"vip","candidates":[{"channel":3,"name":"a","priority":1,"score":0.25}],)"
        R"("excluded":[{"channel":9,"name":"z","why":"resting"}],"attempts":[)"
        R"({"channel":3,"name":"a","model":"m","key":1,"status":503,"cause":"server_error",)"
        R"("why":"busy","bytes":12,"ms":34,"wait_ms":0},)"
        R"({"channel":4,"name":"b","model":"m","key":0,"status":0,"cause":"ok","why":"",)"
        R"("bytes":5,"ms":6,"wait_ms":700}]})";
    must(world.host.database().write([&](Session& session) {
        const storage::Call* calls[] = {&plain, &failed_over};
        return session.ledger().append(calls);
    }));

    auto first = world.good("GET", "/api/v1/requests/request-1");
    CHECK(first["group"].is_null());
    REQUIRE(first["attempts"].size() == 1);
    CHECK(first["attempts"][0]["cause"] == "ok");
    CHECK(first["attempts"][0]["channel"]["id"] == "3");
    CHECK(first["call"]["request_id"] == "request-1");

    auto second = world.good("GET", "/api/v1/requests/request-2");
    CHECK(second["group"] == "vip");
    CHECK(second["candidates"][0]["score"] == 0.25);
    CHECK(second["excluded"][0]["reason"] == "resting");
    REQUIRE(second["attempts"].size() == 2);
    CHECK(second["attempts"][0]["status"] == 503);
    CHECK(second["attempts"][0]["why"] == "busy");
    CHECK(second["attempts"][1]["status"].is_null());
    CHECK(second["attempts"][1]["wait_ms"] == 700);
    world.bad("GET", "/api/v1/requests/none", "", "not_found");

    auto report = world.good("GET", "/api/v1/usage/attempts");
    REQUIRE(report["data"].size() == 3);
    CHECK(report["data"][1]["cause"] == "server_error");
    CHECK(world.good("GET", "/api/v1/usage/attempts?model=none")["data"].empty());
}

TEST_CASE("what ended lately is told by window, with the names of its keys", "[admin]") {
    World world;
    auto call = sample_call(1, storage::admin_account, {}, 12);
    call.channel = ChannelId{99};
    storage::Appended stored{call, 0};
    world.host.live_.add(std::span(&stored, 1));
    auto live = world.good("GET", "/api/v1/usage/live");
    CHECK(live["today"]["requests"] == 1);
    CHECK(live["minutes"].size() == 60);
    REQUIRE(live["windows"].size() == 4);
    const auto& minutes = live["windows"][1];
    CHECK(minutes["window"] == "5m");
    CHECK(minutes["total"]["cost"] == "0.000000012");
    CHECK(minutes["models"][0]["name"] == "asked");
    CHECK(minutes["channels"][0]["key"] == "99");
    CHECK(minutes["channels"][0]["name"].is_null());
    CHECK(live["windows"][0]["total"]["p50_ms"].is_null());
    CHECK(world.good("GET", "/api/v1/usage/live?window=1h&rows=0")["windows"][0]["models"][0]["key"]
              .is_null());
    world.bad("GET", "/api/v1/usage/live?window=2h", "", "invalid_request");
    world.bad("GET", "/api/v1/usage/live?rows=51", "", "invalid_request");
    world.bad("GET", "/api/v1/usage/live?rows=-1", "", "invalid_request");
}

TEST_CASE("what was said is shown to named readers only", "[admin]") {
    World world;
    must(world.host.database().write([](Session& session) {
        storage::Capture capture;
        capture.request_id = "r1";
        capture.token = TokenId{7};
        capture.request = "{\"a\":1}\n\xff";
        capture.request_cut = true;
        return session.captures().put(capture);
    }));
    auto seen = world.good("GET", "/api/v1/requests/r1/captures")["data"];
    REQUIRE(seen.size() == 1);
    CHECK(seen[0]["request"] == "{\"a\":1}\n\xef\xbf\xbd");
    CHECK(seen[0]["request_cut"] == true);
    CHECK(seen[0]["token_id"] == "7");
    CHECK(seen[0]["account_id"].is_null());
    CHECK(world.good("GET", "/api/v1/requests/r2/captures")["data"].empty());
    world.caller = World::token_caller(storage::TokenRole::admin);
    world.bad("GET", "/api/v1/requests/r1/captures", "", "forbidden");
    world.host.reader = world.caller.token->token.id;
    CHECK(world.good("GET", "/api/v1/requests/r1/captures")["data"].size() == 1);
}
