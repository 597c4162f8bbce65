#include "daemon/relay/retries.hpp"

#include "daemon/channels/channels.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace obliv;
using namespace obliv::relay;
using namespace std::chrono_literals;
using channels::Cause;

namespace {

constexpr SteadyTime start{1h};

storage::Channel row(std::int64_t id, int keys = 1) {
    storage::Channel channel;
    channel.id = ChannelId{id};
    channel.name = "c" + std::to_string(id);
    channel.type = "openai";
    channel.models = {"m"};
    for (int i = 0; i < keys; ++i)
        channel.keys.emplace_back("sk-key-" + std::to_string(i));
    return channel;
}

struct World {
    std::shared_ptr<const channels::ChannelTable> table;
    channels::Channels channels{1};
    Random random;
    std::optional<channels::Candidates> candidates;
    std::optional<Retries> retries;

    explicit World(const std::vector<storage::Channel>& rows, RetryLimits limits = {},
                   std::uint64_t seed = 1)
        : table(channels::ChannelTable::build(rows, nullptr)), random(seed) {
        channels.publish(table);
        channels::Wish wish;
        wish.group = "default";
        wish.model = "m";
        auto found = channels.route(wish);
        REQUIRE(found);
        candidates.emplace(std::move(*found));
        retries.emplace(*candidates, random, limits);
    }
    std::optional<Try> next(SteadyTime now = start) { return retries->next(now); }
    void failed(Cause cause, std::optional<std::chrono::milliseconds> after = std::nullopt,
                std::size_t key = 0, SteadyTime now = start) {
        retries->failed(cause, after, key, now);
    }
    static std::int64_t id(const Try& attempt) { return attempt.option->entry->channel.id.value; }
};

}  // namespace

TEST_CASE("a failure goes to the next channel at once", "[relay]") {
    World world({row(1), row(2), row(3)});
    std::set<std::int64_t> seen;
    for (int i = 0; i < 3; ++i) {
        auto attempt = world.next();
        REQUIRE(attempt);
        CHECK(attempt->wait == 0ms);
        CHECK(seen.insert(World::id(*attempt)).second);
        world.failed(Cause::server_error);
    }
}

TEST_CASE("a failed key gives way to one other key of the channel", "[relay]") {
    World world({row(1, 3)});
    auto first = world.next();
    REQUIRE(first);
    CHECK(!first->without_key);
    world.failed(Cause::rate_limited, std::nullopt, 2);
    auto second = world.next();
    REQUIRE(second);
    CHECK(second->wait == 0ms);
    CHECK(second->without_key == 2);
    world.failed(Cause::key_refused, std::nullopt, 0);
    CHECK(!world.next());
}

TEST_CASE("a refused key of a channel with one key goes to the next channel", "[relay]") {
    World world({row(1), row(2)});
    auto first = world.next();
    world.failed(Cause::key_refused);
    auto second = world.next();
    REQUIRE(second);
    CHECK(World::id(*second) != World::id(*first));
}

TEST_CASE("the only channel is called again after a pause that doubles", "[relay]") {
    auto seed = GENERATE(range(1, 40));
    INFO("seed " << seed);
    RetryLimits limits;
    limits.attempts = 8;
    World world({row(1)}, limits, static_cast<std::uint64_t>(seed));
    REQUIRE(world.next());
    auto longest = 1000ms;
    auto now = start;
    for (int i = 0; i < 7; ++i) {
        world.failed(Cause::server_error, std::nullopt, 0, now);
        auto again = world.next(now);
        REQUIRE(again);
        CHECK(again->wait >= 0ms);
        CHECK(again->wait <= longest);
        longest = std::min(longest * 2, 30'000ms);
        now += again->wait + 1s;
    }
    world.failed(Cause::server_error, std::nullopt, 0, now);
    CHECK(!world.next(now));
}

TEST_CASE("a repeat waits as long as the provider asks, or is not made", "[relay]") {
    World world({row(1)});
    REQUIRE(world.next());
    world.failed(Cause::rate_limited, 7s);
    auto again = world.next();
    REQUIRE(again);
    CHECK(again->wait == 7s);
    world.failed(Cause::rate_limited, 31s, 0, start + 7s);
    CHECK(!world.next(start + 7s));
}

TEST_CASE("no attempt begins after the caller's deadline", "[relay]") {
    World world({row(1)});
    REQUIRE(world.next());
    world.retries->set_deadline(start + 5s);
    world.failed(Cause::server_error, 5s);
    CHECK(!world.next());
    World other({row(1), row(2)});
    REQUIRE(other.next());
    other.retries->set_deadline(start + 5s);
    other.failed(Cause::server_error);
    CHECK(!other.next(start + 5s));
}

TEST_CASE("what a repeat cannot mend is not repeated", "[relay]") {
    for (auto cause : {Cause::key_refused, Cause::unusable, Cause::cancelled}) {
        World world({row(1)});
        REQUIRE(world.next());
        world.failed(cause);
        CHECK(!world.next());
    }
}

TEST_CASE("a channel that went out of use meanwhile is not repeated", "[relay]") {
    World world({row(1)});
    REQUIRE(world.next());
    world.failed(Cause::server_error);
    world.table->find(ChannelId{1})->health->set_down(true, "dead", start);
    CHECK(!world.next());
}

TEST_CASE("the attempts of a call are bounded, and repeats by the channel's budget", "[relay]") {
    std::vector<storage::Channel> rows;
    for (int i = 1; i <= 10; ++i)
        rows.push_back(row(i));
    World many(rows);
    int attempts = 0;
    while (many.next()) {
        ++attempts;
        many.failed(Cause::server_error);
    }
    CHECK(attempts == 4);

    World one({row(1)});
    auto& health = *one.table->find(ChannelId{1})->health;
    for (int i = 0; i < 3; ++i)
        CHECK(health.may_repeat(start));
    REQUIRE(one.next());
    one.failed(Cause::server_error);
    CHECK(!one.next());
}

TEST_CASE("no channel is chosen twice unless all have been tried", "[relay]") {
    auto seed = GENERATE(range(1, 200));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    std::vector<storage::Channel> rows;
    auto count = static_cast<std::int64_t>(1 + random.below(6));
    for (std::int64_t id = 1; id <= count; ++id)
        rows.push_back(row(id, static_cast<int>(1 + random.below(3))));
    RetryLimits limits;
    limits.attempts = 20;
    World world(rows, limits, static_cast<std::uint64_t>(seed));
    std::map<std::int64_t, int> calls;
    auto now = start;
    while (auto attempt = world.next(now)) {
        auto id = World::id(*attempt);
        bool again = ++calls[id] > 1;
        // Another key at once, or after a pause when nobody is left.
        if (again && !attempt->without_key)
            CHECK(calls.size() == static_cast<std::size_t>(count));
        CHECK((again || attempt->wait == 0ms));
        now += attempt->wait;
        constexpr std::array causes{Cause::server_error, Cause::key_refused, Cause::rate_limited,
                                    Cause::timeout, Cause::bad_reply};
        world.failed(causes[random.below(causes.size())], std::nullopt, 0, now);
        now += 10ms;
    }
    int total = 0;
    for (auto [id, made] : calls)
        total += made;
    CHECK(total <= 20);
    CHECK(calls.size() == static_cast<std::size_t>(count));
}
