#include "daemon/channels/channel_table.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::channels;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1h};

}  // namespace

TEST_CASE("what is left is looked for once a second and forgotten in time", "[channels]") {
    Quota quota;
    CHECK(quota.due(start));
    CHECK_FALSE(quota.window(start).requests);
    quota.note({}, start);
    CHECK_FALSE(quota.due(start + 999ms));
    CHECK(quota.due(start + 1s));
    CHECK_FALSE(quota.window(start + 1s).tokens);
    quota.note({9, 1000}, start + 1s);
    quota.note({8, std::nullopt}, start + 2s);
    CHECK(quota.window(start + 2s).requests == 8);
    CHECK(quota.window(start + 2s).tokens == 1000);
    CHECK_FALSE(quota.window(start + 2s + Quota::good_for).requests);
}

TEST_CASE("what a channel has left is the sum of its keys", "[channels]") {
    storage::ChannelSettings settings;
    settings.key_requests_per_minute = 10;
    auto keys = Keys::build({Secret("sk-a"), Secret("sk-b")}, settings, nullptr);
    CHECK(money_text(keys->quota_left(start).money).empty());
    keys->quota(0).note({5, std::nullopt}, start);
    keys->quota(1).note({7, 100}, start);
    keys->quota(0).set_money({{"110.00", "CNY"}, {"3.5", "USD"}});
    keys->quota(1).set_money({{"0.25", "CNY"}, {"no number", "USD"}});
    for (int i = 0; i < 5; ++i)
        keys->began(0, start);
    auto left = keys->quota_left(start);
    CHECK(left.window.requests == 12);
    CHECK(left.window.tokens == 100);
    CHECK(left.used == Approx(0.25));
    CHECK(money_text(left.money) == "110.25 CNY, 3.50 USD");
    // A table that is built anew knows what was told.
    auto again = Keys::build({Secret("sk-b")}, {}, keys.get());
    CHECK(again->quota_left(start).window.requests == 7);
    CHECK_FALSE(again->quota_left(start).used);
}

TEST_CASE("the calls of a channel count where those of its keys do not", "[channels]") {
    storage::Channel row;
    row.id = ChannelId(1);
    row.name = "one";
    row.type = "openai";
    row.models = {"m"};
    row.settings.requests_per_minute = 4;
    auto table = ChannelTable::build({row}, nullptr);
    const auto& entry = *table->entries().front();
    entry.health->begin(start);
    CHECK(entry.quota_left(start).used == Approx(0.25));
    CHECK(entry.quota_left(start + 1min).used == Approx(0));
}
