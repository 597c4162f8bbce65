#include "daemon/relay/attempts.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::relay;
using namespace std::chrono_literals;
using channels::Cause;

namespace {

storage::Channel row(std::int64_t id, std::string name) {
    storage::Channel channel;
    channel.id = ChannelId{id};
    channel.name = std::move(name);
    channel.type = "openai";
    channel.models = {"m"};
    return channel;
}

struct Fixture {
    channels::Channels channels{1};
    SteadyTime now{};

    explicit Fixture(const std::vector<storage::Channel>& rows) {
        channels.publish(channels::ChannelTable::build(rows, nullptr));
    }
};

}  // namespace

TEST_CASE("a call that was served at once leaves no record", "[relay]") {
    Fixture fixture({row(1, "a")});
    auto candidates = fixture.channels.route({"default", "m"});
    REQUIRE(candidates);
    AttemptLog log;
    log.begin(*candidates->next({}), fixture.now, 0ms);
    log.add_bytes(7);
    log.end(Cause::ok, {}, fixture.now + 1ms);
    CHECK(log.text(&*candidates, "default").empty());
    CHECK(AttemptLog().text(nullptr, "default").empty());
}

TEST_CASE("a caller who left during the first attempt leaves no record", "[relay]") {
    Fixture fixture({row(1, "a")});
    auto candidates = fixture.channels.route({"default", "m"});
    REQUIRE(candidates);
    AttemptLog log;
    log.begin(*candidates->next({}), fixture.now, 0ms);
    log.end(Cause::cancelled, "the client left", fixture.now);
    CHECK(log.text(&*candidates, "default").empty());
}

TEST_CASE("every attempt of a call that failed over is recorded", "[relay]") {
    Fixture fixture({row(1, "a"), row(2, "b")});
    auto candidates = fixture.channels.route({"default", "m"});
    REQUIRE(candidates);
    AttemptLog log;
    const auto* first = candidates->next({});
    log.begin(*first, fixture.now, 0ms);
    log.set_key(3);
    log.set_status(503);
    log.add_bytes(40);
    log.end(Cause::server_error, "said \"no\"\n\xff", fixture.now + 25ms);
    const auto* second = candidates->next({});
    log.begin(*second, fixture.now + 30ms, 5ms);
    log.end(Cause::ok, {}, fixture.now + 90ms);

    auto record = nlohmann::json::parse(log.text(&*candidates, "vip"));
    CHECK(record["group"] == "vip");
    CHECK(record["candidates"].size() == 2);
    CHECK(record["candidates"][0]["score"] == 0.5);
    REQUIRE(record["attempts"].size() == 2);
    const auto& failed = record["attempts"][0];
    CHECK(failed["channel"] == first->entry->channel.id.value);
    CHECK(failed["key"] == 3);
    CHECK(failed["status"] == 503);
    CHECK(failed["cause"] == "server_error");
    CHECK(failed["why"] == "said \"no\"\n");
    CHECK(failed["bytes"] == 40);
    CHECK(failed["ms"] == 25);
    const auto& served = record["attempts"][1];
    CHECK(served["channel"] == second->entry->channel.id.value);
    CHECK(served["cause"] == "ok");
    CHECK(served["key"] == 0);
    CHECK(served["bytes"] == 0);
    CHECK(served["wait_ms"] == 5);
}

TEST_CASE("a channel that was not asked is recorded with the reason", "[relay]") {
    Fixture fixture({row(1, "a")});
    auto candidates = fixture.channels.route({"default", "m"});
    REQUIRE(candidates);
    AttemptLog log;
    log.pass_over(*candidates->next({}), "it costs too much");
    auto attempts = nlohmann::json::parse(log.text(&*candidates, "vip"))["attempts"];
    REQUIRE(attempts.size() == 1);
    CHECK(attempts[0]["name"] == "a");
    CHECK(attempts[0]["model"] == "m");
    CHECK(attempts[0]["cause"] == "unusable");
    CHECK(attempts[0]["why"] == "it costs too much");
    CHECK(attempts[0]["status"] == 0);
}

TEST_CASE("a record is bounded whatever happened", "[relay]") {
    std::vector<storage::Channel> rows;
    for (std::int64_t id = 1; id <= 200; ++id)
        rows.push_back(row(id, "channel-" + std::string(50, 'x') + std::to_string(id)));
    Fixture fixture(rows);
    auto candidates = fixture.channels.route({"default", "m"});
    REQUIRE(candidates);
    AttemptLog log;
    for (int i = 0; i < 10; ++i) {
        log.begin(*candidates->next({}), fixture.now, 0ms);
        log.end(Cause::timeout, std::string(5000, '"'), fixture.now);
    }
    auto text = log.text(&*candidates, "default");
    CHECK(text.size() < 16'384);
    CHECK(nlohmann::json::parse(text)["attempts"].size() == 10);
}
