#include "daemon/channels/channels.hpp"

#include <malloc.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace obliv;
using namespace obliv::channels;

namespace {

storage::Channel row(std::int64_t id, int priority, int weight) {
    storage::Channel channel;
    channel.id = ChannelId{id};
    channel.name = "c" + std::to_string(id);
    channel.type = "openai";
    channel.models = {"m"};
    channel.priority = priority;
    channel.weight = weight;
    return channel;
}

Channels make(const std::vector<storage::Channel>& rows, std::uint64_t seed = 1) {
    Channels channels(seed);
    channels.publish(ChannelTable::build(rows, nullptr));
    return channels;
}

}  // namespace

TEST_CASE("a model nobody serves is told apart from one whose channels are off", "[channels]") {
    auto off = row(1, 0, 1);
    off.enabled = false;
    auto vip = row(2, 0, 1);
    vip.groups = {"vip"};
    vip.models = {"v"};
    auto channels = make({off, vip});
    CHECK(channels.route({"default", "m"}).error().code == Code::no_channel);
    CHECK(channels.route({"default", "x"}).error().code == Code::model_not_found);
    CHECK(channels.route({"default", "v"}).error().code == Code::model_not_found);
    CHECK(channels.route({"vip", "v"}));
    CHECK(channels.route({"default", "x"}).error().param == "model");
}

TEST_CASE("higher tiers come first, and each channel once", "[channels]") {
    auto seed = GENERATE(range(1, 40));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    std::vector<storage::Channel> rows;
    for (std::int64_t id = 1; id <= 12; ++id)
        rows.push_back(
            row(id, static_cast<int>(random.below(3)), static_cast<int>(random.below(4))));
    auto channels = make(rows, static_cast<std::uint64_t>(seed));
    auto candidates = channels.route({"default", "m"});
    REQUIRE(candidates);
    std::set<std::int64_t> seen;
    int last_priority = 99;
    bool zero_seen = false;
    while (const auto* option = candidates->next({})) {
        const auto& channel = option->entry->channel;
        CHECK(seen.insert(channel.id.value).second);
        CHECK(channel.priority <= last_priority);
        if (channel.priority < last_priority)
            zero_seen = false;
        // Weight 0 serves only when the others of its tier are used up.
        CHECK(!(zero_seen && channel.weight > 0));
        zero_seen = zero_seen || channel.weight == 0;
        last_priority = channel.priority;
    }
    CHECK(seen.size() == rows.size());
    CHECK(candidates->next({}) == nullptr);
}

TEST_CASE("the first choice follows the weights", "[channels]") {
    // Chi-square with 3 degrees of freedom: 16.27 is passed by chance once in a thousand, and the
    // seed is fixed.
    const std::map<std::int64_t, double> weights{{1, 1}, {2, 2}, {3, 3}, {4, 4}};
    std::vector<storage::Channel> rows;
    for (auto [id, weight] : weights)
        rows.push_back(row(id, 0, static_cast<int>(weight)));
    auto channels = make(rows, 20261122);
    constexpr int draws = 20'000;
    std::map<std::int64_t, int> counts;
    for (int i = 0; i < draws; ++i)
        ++counts[channels.route({"default", "m"})->next({})->entry->channel.id.value];
    double chi_square = 0;
    for (auto [id, weight] : weights) {
        double expected = draws * weight / 10;
        chi_square += (counts[id] - expected) * (counts[id] - expected) / expected;
    }
    CHECK(chi_square < 16.27);
}

TEST_CASE("a published change decides the very next call", "[channels]") {
    Channels channels(1);
    CHECK(!channels.route({"default", "m"}));
    channels.publish(ChannelTable::build({row(1, 0, 1)}, nullptr));
    auto before = channels.route({"default", "m"});
    REQUIRE(before);
    channels.publish(ChannelTable::build({}, nullptr));
    CHECK(!channels.route({"default", "m"}));
    // A call keeps the table that it began with.
    REQUIRE(before->next({}) != nullptr);
}

TEST_CASE("more names than there is room for neither fail nor mix", "[channels]") {
    auto any = row(1, 0, 1);
    any.models = {"*"};
    auto channels = make({any});
    for (int i = 0; i < 10'000; ++i) {
        auto name = "m" + std::to_string(i);
        REQUIRE(channels.route({"default", name})->next({})->match.upstream_model == name);
    }
}

TEST_CASE("the explanation names every channel with its share or its reason", "[channels]") {
    auto off = row(3, 0, 1);
    off.enabled = false;
    auto vip = row(4, 0, 1);
    vip.groups = {"vip"};
    auto other = row(5, 0, 1);
    other.models = {"x"};
    auto alien = row(6, 0, 1);
    alien.type = "martian";
    auto explained =
        explain(ChannelTable::build(
                    {row(1, 0, 1), row(2, 0, 3), row(7, 5, 0), off, vip, other, alien}, nullptr),
                {}, "default", "m", {});
    REQUIRE(explained.plan->options.size() == 3);
    CHECK(explained.plan->options[0].entry->channel.id == ChannelId{7});
    CHECK(explained.shares == std::vector<double>{1.0, 0.25, 0.75});
    REQUIRE(explained.excluded.size() == 4);
    CHECK(explained.excluded[0].reason == "it is disabled");
    CHECK_THAT(explained.excluded[1].reason, Catch::Contains("group"));
    CHECK_THAT(explained.excluded[2].reason, Catch::Contains("matches"));
    CHECK_THAT(explained.excluded[3].reason, Catch::Contains("martian"));
}

#if !defined(__SANITIZE_ADDRESS__) &&                                                              \
    !defined(__SANITIZE_THREAD__)  // which have heaps of their own
TEST_CASE("ten thousand channels with the plan of a model take less than fifty megabytes",
          "[channels]") {
    auto before = ::mallinfo2().uordblks;
    std::shared_ptr<const ChannelTable> table;
    {
        std::vector<storage::Channel> rows;
        for (std::int64_t id = 1; id <= 10'000; ++id) {
            auto one = row(id, 0, 1 + static_cast<int>(id % 7));
            one.base_url = "https://provider-" + std::to_string(id) + ".example/v1";
            one.keys.emplace_back("sk-0123456789abcdef0123456789abcdef" + std::to_string(id));
            rows.push_back(std::move(one));
        }
        table = ChannelTable::build(rows, nullptr);
    }
    Channels chooser(1);
    chooser.publish(table);
    Wish wish;
    wish.group = "default";
    wish.model = "m";
    auto found = chooser.route(wish);
    REQUIRE(found);
    CHECK(found->next({}) != nullptr);
    CHECK(::mallinfo2().uordblks - before < 50'000'000);
}
#endif
