#include "daemon/channels/channels.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace obliv;
using namespace obliv::channels;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1h};

storage::Channel row(std::int64_t id, int priority = 0, int weight = 1) {
    storage::Channel channel;
    channel.id = ChannelId{id};
    channel.name = "c" + std::to_string(id);
    channel.type = "openai";
    channel.models = {"m"};
    channel.priority = priority;
    channel.weight = weight;
    return channel;
}

struct World {
    std::shared_ptr<const ChannelTable> table;
    Channels channels;

    explicit World(const std::vector<storage::Channel>& rows, const RoutingSettings& routing = {},
                   std::uint64_t seed = 1)
        : table(ChannelTable::build(rows, nullptr)), channels(seed) {
        channels.publish(table, routing);
    }
    const Entry& entry(std::int64_t id) const { return *table->find(ChannelId{id}); }
    Candidates route(Wish wish = {}) {
        wish.group = "default";
        wish.model = "m";
        auto found = channels.route(wish);
        REQUIRE(found);
        return std::move(*found);
    }
    std::int64_t first(SteadyTime now, Wish wish = {}) {
        const auto* option = route(wish).next(now);
        return option == nullptr ? 0 : option->entry->channel.id.value;
    }
    void fail_often(std::int64_t id, SteadyTime now) {
        for (int i = 0; i < 5; ++i) {
            entry(id).health->begin(now);
            entry(id).health->failed(Cause::server_error, "no", &entry(id).health->breaker("m"),
                                     now);
        }
    }
};

}  // namespace

TEST_CASE("no channel is given out twice, nor one that cannot be called", "[channels]") {
    auto seed = GENERATE(range(1, 60));
    auto strategy =
        GENERATE(Strategy::weighted_random, Strategy::round_robin, Strategy::least_in_flight,
                 Strategy::lowest_latency, Strategy::lowest_price);
    INFO("seed " << seed << " strategy " << name_of(strategy));
    Random random(static_cast<std::uint64_t>(seed));
    std::vector<storage::Channel> rows;
    std::set<std::int64_t> callable;
    auto count = static_cast<std::int64_t>(1 + random.below(100));
    for (std::int64_t id = 1; id <= count; ++id) {
        rows.push_back(
            row(id, static_cast<int>(random.below(3)), static_cast<int>(random.below(4))));
        rows.back().enabled = random.below(4) != 0;
        if (rows.back().enabled)
            callable.insert(id);
    }
    rows.push_back(row(count + 1, -5, 1));  // somebody always serves
    callable.insert(count + 1);
    RoutingSettings routing;
    routing.strategy = strategy;
    routing.affinity = random.below(2) == 0;
    World world(rows, routing, static_cast<std::uint64_t>(seed));
    auto on = std::vector<std::int64_t>(callable.begin(), callable.end());
    for (auto id : on) {
        auto what = random.below(5);
        if (what == 0)
            world.fail_often(id, start);
        else if (what == 1)
            world.entry(id).health->set_down(true, "dead", start);
        else if (what == 2)
            world.entry(id).keys->failed(0, Cause::key_refused, std::nullopt, start);
        if (what < 3)
            callable.erase(id);
    }
    Wish wish;
    wish.affinity = random.below(2) == 0 ? spread("session") : 0;
    auto candidates = world.route(wish);
    std::set<std::int64_t> seen;
    while (const auto* option = candidates.next(start)) {
        auto id = option->entry->channel.id.value;
        CHECK(seen.insert(id).second);
        CHECK(callable.contains(id));
    }
    CHECK(seen == callable);
    CHECK(candidates.passed_over().size() + seen.size() == on.size());
    CHECK(candidates.next(start) == nullptr);
}

TEST_CASE("who is passed over is known, with the reason", "[channels]") {
    auto capped = row(1);
    capped.settings.concurrent_max = 1;
    auto rated = row(2);
    rated.settings.requests_per_minute = 1;
    World world({capped, rated, row(3), row(4), row(5)});
    world.entry(1).health->begin(start);
    world.entry(2).health->begin(start);
    world.entry(2).health->succeeded(nullptr, start);
    world.fail_often(3, start);
    world.entry(4).health->set_down(true, "dead", start);
    world.entry(5).keys->failed(0, Cause::key_refused, std::nullopt, start);
    auto candidates = world.route();
    CHECK(candidates.next(start) == nullptr);
    std::map<std::int64_t, Why> why;
    for (const auto& each : candidates.passed_over())
        why[each.option->entry->channel.id.value] = each.why;
    CHECK(why == std::map<std::int64_t, Why>{{1, Why::busy},
                                             {2, Why::rate},
                                             {3, Why::open},
                                             {4, Why::down},
                                             {5, Why::keys_resting}});
    auto error = candidates.refusal(start);
    CHECK(error.code == Code::no_channel);
    CHECK(error.retry_after == 1s);
    CHECK_THAT(error.message, Catch::Contains("c"));
    // What is over is over.
    world.entry(1).health->succeeded(nullptr, start);
    CHECK(world.first(start) == 1);
}

TEST_CASE("an open channel gets probes, then a share that grows", "[channels]") {
    World world({row(1), row(2)});
    world.fail_often(1, start);
    for (int i = 0; i < 50; ++i)
        CHECK(world.first(start + 4s) == 2);
    auto later = start + 6s;
    int probes = 0;
    for (int i = 0; i < 200; ++i)
        probes += world.first(later) == 1 ? 1 : 0;
    CHECK(probes == 1);
    world.entry(1).health->begin(later);
    world.entry(1).health->succeeded(&world.entry(1).health->breaker("m"), later);
    auto share = [&](SteadyTime now) {
        int calls = 0;
        for (int i = 0; i < 2000; ++i)
            calls += world.first(now) == 1 ? 1 : 0;
        return calls / 2000.0;
    };
    CHECK(share(later) < 0.15);
    CHECK(share(later) > 0.02);
    CHECK(share(later + 60s) > 0.45);
}

TEST_CASE("the only channel is called while it recovers", "[channels]") {
    World world({row(1)});
    world.fail_often(1, start);
    CHECK(world.first(start) == 0);
    auto later = start + 5s;
    REQUIRE(world.first(later) == 1);
    world.entry(1).health->begin(later);
    world.entry(1).health->succeeded(&world.entry(1).health->breaker("m"), later);
    for (int i = 0; i < 100; ++i)
        CHECK(world.first(later) == 1);
}

TEST_CASE("a session stays with its channel while that works", "[channels]") {
    RoutingSettings routing;
    routing.affinity = true;
    World world({row(1), row(2), row(3)}, routing);
    std::set<std::int64_t> used;
    for (int i = 0; i < 30; ++i) {
        Wish wish;
        wish.affinity = spread("session-" + std::to_string(i));
        auto home = world.first(start, wish);
        used.insert(home);
        for (int again = 0; again < 5; ++again)
            CHECK(world.first(start, wish) == home);
    }
    CHECK(used.size() == 3);
    Wish wish;
    wish.affinity = spread("session-0");
    auto home = world.first(start, wish);
    world.fail_often(home, start);
    auto other = world.first(start, wish);
    CHECK(other != home);
    CHECK(world.first(start, wish) == other);
}

TEST_CASE("a call that nobody can serve is told what is missing", "[channels]") {
    auto plain = row(1);
    plain.settings.offers = {{"m", {"stream"}, 8000}};
    auto able = row(2);
    able.settings.offers = {{"other", {"stream"}, 0}, {"*", {"stream", "tools"}, 32'000}};
    World world({plain, able});
    Wish tools;
    tools.abilities = ability("tools");
    CHECK(world.first(start, tools) == 2);
    Wish vision;
    vision.abilities = ability("vision") | ability("stream");
    auto candidates = world.route(vision);
    CHECK(candidates.next(start) == nullptr);
    auto error = candidates.refusal(start);
    CHECK(error.code == Code::unsupported);
    CHECK_THAT(error.message, Catch::EndsWith("needs: vision"));
    Wish big;
    big.tokens = 20'000;
    CHECK(world.first(start, big) == 2);
    big.tokens = 40'000;
    auto none = world.route(big);
    CHECK(none.next(start) == nullptr);
    CHECK_THAT(none.refusal(start).message, Catch::Contains("longer"));
    // An offer that lists no abilities limits nothing but the length.
    CHECK(abilities_of({}) == every_ability);
}

TEST_CASE("repeats are a tenth of the calls of late, and three a second", "[channels]") {
    Health health;
    int allowed = 0;
    for (int i = 0; i < 10; ++i)
        allowed += health.may_repeat(start) ? 1 : 0;
    CHECK(allowed == 3);
    for (int i = 0; i < 1000; ++i)
        health.begin(start + 1s);
    allowed = 0;
    for (int i = 0; i < 500; ++i)
        allowed += health.may_repeat(start + 1s) ? 1 : 0;
    CHECK(allowed == 103);
}

TEST_CASE("what happens to a channel is told once", "[channels]") {
    struct Sink final : EventSink {
        std::vector<std::string> kinds;
        void happened(const Event& event) override {
            kinds.push_back(std::string(name_of(event.kind)) + " " + event.name + " " +
                            event.model);
        }
    } sink;
    auto table = ChannelTable::build({row(1)}, nullptr, &sink);
    auto& health = *table->find(ChannelId{1})->health;
    auto* model = &health.breaker("m");
    for (int i = 0; i < 20; ++i) {
        health.begin(start);
        health.failed(Cause::server_error, "no", model, start);
    }
    health.begin(start + 1min);
    health.succeeded(model, start + 1min);
    CHECK(health.set_down(true, "dead", start));
    CHECK(!health.set_down(true, "dead", start));
    CHECK(health.set_down(false, "", start));
    CHECK(sink.kinds == std::vector<std::string>{"opened c1 m", "recovered c1 m", "disabled c1 ",
                                                 "restored c1 "});
    // A key's fault says nothing about the channel.
    for (int i = 0; i < 20; ++i) {
        health.begin(start);
        health.failed(Cause::rate_limited, "slow down", model, start);
    }
    CHECK(sink.kinds.size() == 4);
}
