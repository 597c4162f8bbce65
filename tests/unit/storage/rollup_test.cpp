#include "core/llm/price.hpp"
#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <ctime>
#include <map>
#include <random>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::test;

namespace {

std::string text_of(WallTime time, const char* format) {
    std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[64];
    text[std::strftime(text, sizeof text, format, &parts)] = 0;
    return text;
}

std::string key_of(const Call& call, UsageKey key) {
    switch (key) {
    case UsageKey::model:
        return call.model;
    case UsageKey::served:
        return call.model_served;
    case UsageKey::token:
        return std::to_string(call.token.value);
    case UsageKey::account:
        return std::to_string(call.account.value);
    case UsageKey::channel:
        return std::to_string(call.channel.value);
    case UsageKey::user:
        return std::to_string(call.user.value);
    case UsageKey::hour:
        return text_of(call.time, "%Y-%m-%dT%H:00:00Z");
    case UsageKey::day:
        return text_of(call.time, "%Y-%m-%d");
    case UsageKey::month:
        break;
    }
    return text_of(call.time, "%Y-%m");
}

bool fits(const Call& call, const UsageFilter& filter) {
    return (!filter.since || call.time >= *filter.since) &&
           (!filter.until || call.time < *filter.until) &&
           (filter.model.empty() || call.model == filter.model) &&
           (!filter.token || call.token == filter.token) &&
           (!filter.account || call.account == filter.account) &&
           (!filter.channel || call.channel == filter.channel) &&
           (!filter.user || call.user == filter.user) &&
           (filter.error.empty() || call.error == filter.error);
}

/// A group as one line, so that a difference is readable.
std::string line_of(const UsageGroup& group) {
    std::string line;
    for (const auto& key : group.key)
        line += key + " ";
    const auto& usage = group.usage;
    for (auto figure : {group.requests, group.errors, usage.input, usage.cache_read,
                        usage.cache_write_5m, usage.cache_write_1h, usage.audio_in, usage.image_in,
                        usage.output, usage.reasoning, usage.audio_out, usage.images, usage.seconds,
                        usage.characters, usage.searches, group.cost.nanos()})
        line += std::to_string(figure) + ",";
    return line;
}

std::vector<std::string> lines_of(const std::vector<UsageGroup>& groups) {
    std::vector<std::string> out;
    for (const auto& group : groups)
        out.push_back(line_of(group));
    return out;
}

/// What reports have to say, from the calls themselves.
std::vector<std::string> naive(const std::vector<Call>& calls, const UsageFilter& filter,
                               const std::vector<UsageKey>& by) {
    std::map<std::vector<std::string>, UsageGroup> groups;
    if (by.empty())
        groups[{}];
    for (const auto& call : calls) {
        if (!fits(call, filter))
            continue;
        std::vector<std::string> key;
        for (auto each : by)
            key.push_back(key_of(call, each));
        auto& group = groups[key];
        group.key = key;
        ++group.requests;
        group.errors += call.status >= 400 || !(call.error.empty() || call.error == "cancelled");
        for (auto member : llm::usage_members)
            group.usage.*member += call.usage.*member;
        group.cost += call.cost;
    }
    std::vector<std::string> out;
    for (const auto& [key, group] : groups)
        out.push_back(line_of(group));
    return out;
}

/// Random calls in a random order of ids, around the ends of hours, days and months.
class Load {
public:
    explicit Load(std::uint64_t seed) : random(seed) {}

    WallTime time() {
        // Within three days of the end of January 2026, often close to a full hour.
        auto base = std::chrono::sys_days(std::chrono::year(2026) / 1 / 29);
        auto hour = std::chrono::hours(pick(0, 24 * 6));
        auto rest = pick(0, 2) == 0 ? std::chrono::nanoseconds(pick(-2, 2))
                                    : std::chrono::nanoseconds(pick(0, 3'599'999'999'999));
        return base + hour + rest;
    }
    Call call(std::int64_t id) {
        auto row = sample_call(id, AccountId{pick(10, 11)}, {}, 0);
        row.time = time();
        row.model = std::string(1, static_cast<char>('a' + pick(0, 2)));
        row.model_served = pick(0, 4) == 0 ? "" : row.model + "-served";
        row.channel = ChannelId{pick(0, 2)};
        row.token = TokenId{pick(0, 3)};
        row.user = UserId{pick(0, 2)};
        row.status = pick(0, 3) == 0 ? 502 : 200;
        row.error = pick(0, 2) == 0 ? "cancelled" : pick(0, 2) == 0 ? "upstream_error" : "";
        row.price = price.id;
        for (auto member : llm::usage_members)
            row.usage.*member = pick(0, 2) == 0 ? pick(0, 1000) : 0;
        row.cost = llm::cost_of(price, row.usage);
        row.held = row.cost;
        return row;
    }
    UsageFilter filter() {
        UsageFilter out;
        if (pick(0, 1) == 0)
            out.since = time();
        if (pick(0, 1) == 0)
            out.until = time();
        if (pick(0, 4) == 0)
            out.model = "b";
        if (pick(0, 4) == 0)
            out.token = TokenId{1};
        if (pick(0, 4) == 0)
            out.channel = ChannelId{2};
        if (pick(0, 4) == 0)
            out.user = UserId{1};
        if (pick(0, 4) == 0)
            out.account = AccountId{10};
        if (pick(0, 6) == 0)
            out.error = "upstream_error";
        return out;
    }
    std::vector<UsageKey> keys() {
        std::vector<UsageKey> all{UsageKey::model,   UsageKey::day,  UsageKey::token,
                                  UsageKey::account, UsageKey::user, UsageKey::channel,
                                  UsageKey::served,  UsageKey::hour, UsageKey::month};
        std::shuffle(all.begin(), all.end(), random);
        all.resize(static_cast<std::size_t>(pick(0, 3)));
        return all;
    }
    std::int64_t pick(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    }

    std::mt19937_64 random;
    llm::Price price;
};

Result<void> append(Session& session, std::span<const Call> calls) {
    std::vector<const Call*> rows;
    for (const auto& row : calls)
        rows.push_back(&row);
    return session.ledger().append(rows);
}

}  // namespace

TEST_CASE("reports are the sums of the rows, however they were stored and summed up", "[storage]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    Load load(seed);
    TestStore store;
    load.price = nano_price("a").price;
    must(store.write([&](Session& s) {
        Account account;
        account.tenant = first_tenant;
        account.name = "second";
        return s.accounts().insert(account);
    }));
    load.price.id =
        must(store.write([&](Session& s) { return s.prices().append(nano_price("a")); }));
    std::vector<Call> stored;
    std::int64_t next = 1;
    auto limit = [&] { return ChargeId{next - 1}; };
    for (int step = 0; step < 150; ++step) {
        CAPTURE(step);
        std::vector<Call> batch;
        for (auto count = load.pick(1, 30); count > 0; --count)
            batch.push_back(load.call(next++));
        std::shuffle(batch.begin(), batch.end(), load.random);
        // What was rolled back is stored again, as the writer does.
        if (load.pick(0, 5) == 0)
            REQUIRE_FALSE(store.write([&](Session& s) -> Result<void> {
                must(append(s, batch));
                return fail(Code::conflict, "as the test wants it");
            }));
        if (auto done = store.write([&](Session& s) { return append(s, batch); }); !done)
            must(store.write([&](Session& s) { return append(s, batch); }));
        // A replay is not counted again.
        if (load.pick(0, 5) == 0)
            must(store.write([&](Session& s) { return append(s, batch); }));
        stored.insert(stored.end(), batch.begin(), batch.end());
        auto roll = [&](Session& s) {
            return s.ledger().roll_up(ChargeId{limit().value - load.pick(0, 5)}, load.pick(1, 60));
        };
        if (load.pick(0, 3) == 0)
            must(store.write(roll));
        auto fold = [&](Session& s) {
            return s.ledger().fold(ChargeId{limit().value - load.pick(0, 5)}, load.pick(1, 60));
        };
        if (load.pick(0, 3) == 0)
            must(store.write(fold));
        if (load.pick(0, 3) == 0)
            must(store.write([&](Session& s) { return s.ledger().fold(limit(), 100'000); }));
        if (load.pick(0, 9) == 0)
            REQUIRE_FALSE(store.write([&](Session& s) -> Result<void> {
                must(fold(s));
                must(roll(s));
                return fail(Code::conflict, "as the test wants it");
            }));
        if (load.pick(0, 3) == 0)
            must(store.write([&](Session& s) { return s.ledger().roll_up(limit(), 100'000); }));
        if (load.pick(0, 20) == 0)
            store.reopen();
        auto filter = load.filter();
        auto by = load.keys();
        auto told = must(store.read([&](Session& s) { return s.usage().report(filter, by); }));
        REQUIRE(lines_of(told) == naive(stored, filter, by));
    }
    must(store.write([&](Session& s) { return s.ledger().fold(limit(), 100'000); }));
    while (must(store.write([&](Session& s) { return s.ledger().roll_up(limit(), 500); })).more)
        ;
    for (int i = 0; i < 200; ++i) {
        auto filter = load.filter();
        auto by = load.keys();
        auto told = must(store.read([&](Session& s) { return s.usage().report(filter, by); }));
        REQUIRE(lines_of(told) == naive(stored, filter, by));
    }
    auto totals = must(store.read([](Session& s) { return s.ledger().totals(); }));
    CHECK(totals.rows == next - 1);
    CHECK(totals.charges == next - 1);
    auto report = must(store.read([](Session& s) { return s.ledger().verify(); }));
    CHECK(report.problems == std::vector<std::string>{});
}

TEST_CASE("a roll-up takes what was appended without reading it again", "[storage]") {
    TestStore store;
    Load load(1);
    auto roll = [&](std::int64_t limit) {
        return must(
            store.write([&](Session& s) { return s.ledger().roll_up(ChargeId{limit}, 1000); }));
    };
    CHECK(roll(0).rows == 0);
    std::vector<Call> calls{load.call(1), load.call(2), load.call(4)};
    must(store.write([&](Session& s) { return append(s, calls); }));
    // 3 may still come: nothing is summed up beyond it.
    CHECK(roll(2).rows == 0);
    std::vector<Call> late{load.call(3)};
    must(store.write([&](Session& s) { return append(s, late); }));
    auto step = roll(4);
    CHECK(step.rows == 4);
    CHECK(step.watermark == ChargeId{4});
    CHECK(roll(4).rows == 0);
}

TEST_CASE("business counts who was there, and who came back", "[storage]") {
    TestStore store;
    std::int64_t id = 0;
    auto call = [&](int month, int day, std::int64_t user, std::int64_t account) {
        auto row = sample_call(++id, AccountId{account}, {}, 5);
        row.time = std::chrono::sys_days(std::chrono::year(2026) / month / day);
        row.user = UserId{user};
        return row;
    };
    std::vector<Call> calls{call(1, 1, 1, 10), call(1, 1, 1, 10), call(1, 1, 2, 10),
                            call(1, 2, 1, 10), call(1, 2, 0, 77), call(2, 1, 0, 77),
                            call(2, 1, 3, 10)};
    must(store.write([&](Session& s) { return append(s, calls); }));
    auto business = [&](UsageFilter filter, bool monthly) {
        return must(store.read([&](Session& s) { return s.usage().business(filter, monthly); }));
    };
    for (bool rolled : {false, true}) {
        CAPTURE(rolled);
        if (rolled)
            must(store.write([&](Session& s) { return s.ledger().roll_up(ChargeId{5}, 100); }));
        auto days = business({}, false);
        REQUIRE(days.size() == 3);
        CHECK(days[0].period == "2026-01-01");
        CHECK(days[0].active == 2);
        CHECK(days[0].returning == 0);
        CHECK(days[0].requests == 3);
        CHECK(days[0].revenue == Money::nanos(15));
        CHECK(days[1].active == 2);
        CHECK(days[1].returning == 1);
        CHECK(days[2].active == 2);
        CHECK(days[2].returning == 1);
        auto months = business({}, true);
        REQUIRE(months.size() == 2);
        CHECK(months[0].period == "2026-01");
        CHECK(months[0].active == 3);
        CHECK(months[1].returning == 1);
        UsageFilter february;
        february.since = std::chrono::sys_days(std::chrono::year(2026) / 2 / 1);
        auto late = business(february, false);
        REQUIRE(late.size() == 1);
        CHECK(late[0].returning == 1);
    }
}
