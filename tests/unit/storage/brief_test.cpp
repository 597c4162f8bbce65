#include "core/storage/sqlite/migrate.hpp"
#include "core/storage/sqlite/months.hpp"
#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <numeric>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::test;

namespace {

constexpr std::int64_t group_rows = 12;  // enough of them for brief rows

WallTime january(unsigned day) {
    return std::chrono::sys_days(std::chrono::year(2026) / 1 / std::chrono::day(day));
}

/// All that a usage row tells.
std::string text_of(const Call& call) {
    auto text = call.id.text() + " " + call.request_id;
    for (auto value :
         {call.tenant.value, call.account.value, call.user.value, call.token.value,
          call.channel.value, call.price.value, call.held.nanos(), call.cost.nanos(),
          call.loss.nanos(), call.share, call.ttft_us, call.duration_us, unix_nanos(call.time),
          std::int64_t{call.key_index}, static_cast<std::int64_t>(call.source),
          std::int64_t{call.status}, std::int64_t{call.attempts}, std::int64_t{call.stream}})
        text += " " + std::to_string(value);
    for (auto member : llm::usage_members)
        text += " " + std::to_string(call.usage.*member);
    for (const auto* part : {&call.model, &call.model_served, &call.finish_reason, &call.client,
                             &call.user_agent, &call.error})
        text += " '" + *part + "'";
    return text;
}

/// A store whose calls are appended in groups.
struct Groups : TestStore {
    std::map<std::int64_t, std::string> appended;  // what every call was, by id

    Call call(std::int64_t id) {
        auto call = sample_call(id, admin_account, {}, 0);
        call.time = january(7) + std::chrono::seconds(id);
        call.channel = ChannelId{4};
        call.key_index = 2;
        call.usage.input = 100 + id;
        call.usage.cache_read = 200 + id;
        call.usage.output = 300 + id;
        call.usage.reasoning = 400 + id;
        call.ttft_us = 500 + id;
        call.duration_us = 600 + id;
        call.held = Money::nanos(700 + id);
        return call;
    }
    /// Calls that have all in common that they can, with figures of their own.
    std::vector<Call> alike(const std::function<void(Call&)>& change = {}) {
        std::vector<Call> calls;
        for (std::int64_t i = 0; i < group_rows; ++i) {
            auto id = static_cast<std::int64_t>(appended.size()) + 1;
            calls.push_back(call(id));
            if (change)
                change(calls.back());
            appended[id] = text_of(calls.back());
        }
        return calls;
    }
    /// The same, with these ids.
    std::vector<Call> alike(const std::vector<std::int64_t>& ids) {
        std::vector<Call> calls;
        for (auto id : ids) {
            calls.push_back(call(id));
            appended[id] = text_of(calls.back());
        }
        return calls;
    }
    static Result<void> append(Session& session, const std::vector<Call>& calls) {
        std::vector<const Call*> rows;
        for (const auto& call : calls)
            rows.push_back(&call);
        return session.ledger().append(rows);
    }
    void append(const std::vector<Call>& calls) {
        must(write([&](Session& s) { return append(s, calls); }));
    }
    std::map<std::int64_t, std::string> stored() {
        std::map<std::int64_t, std::string> out;
        auto page = must(read([](Session& s) { return s.usage().page({}, {0, 1000, false}); }));
        std::int64_t before = 0;
        for (const auto& row : page.rows) {
            CHECK(row.id.value > before);
            before = row.id.value;
            out[row.id.value] = text_of(row);
        }
        return out;
    }
    void sum_up() {
        auto limit = ChargeId{static_cast<std::int64_t>(appended.size())};
        must(write([&](Session& s) { return s.ledger().fold(limit, 1000); }));
        must(write([&](Session& s) { return s.ledger().roll_up(limit, 1000); }));
    }
    std::vector<std::string> problems() {
        return must(read([](Session& s) { return s.ledger().verify(); })).problems;
    }
    std::int64_t count(const std::string& from) {
        auto connection = must(sqlite::Connection::open(options.path, sqlite::Access::read));
        sqlite::Query query(*connection, "SELECT count(*) FROM " + from);
        REQUIRE(must(query.step()));
        std::int64_t rows = 0;
        query.read(rows);
        return rows;
    }
    std::int64_t tables() {
        return count("sqlite_schema WHERE type = 'table' AND name GLOB 'usage_*_2026*'");
    }
    /// Changes the file behind the store's back.
    void damage(const std::string& sql) {
        close();
        must(must(sqlite::Connection::open(options.path, sqlite::Access::write))->run(sql));
        open();
    }
};

using Problems = std::vector<std::string>;

}  // namespace

TEST_CASE("calls that are alike name their kind, and come back as they were", "[storage]") {
    Groups store;
    store.append(store.alike());
    store.append(store.alike());
    CHECK(store.count("usage_brief_202601") == 2 * group_rows);
    CHECK(store.count("usage_row_202601") == 0);
    CHECK(store.count("usage_kind_202601") == 1);
    CHECK(store.stored() == store.appended);
    auto found = must(store.read([](Session& s) { return s.usage().get("request-3"); }));
    CHECK(text_of(found) == store.appended[3]);
    store.sum_up();
    CHECK(store.problems() == Problems{});
    // Again, and in another order: nothing changes.
    auto once = store.appended;
    store.appended.clear();
    auto again = store.alike();
    std::swap(again.front(), again.back());
    store.append(again);
    CHECK(store.stored() == once);
    CHECK(store.problems() == Problems{});
}

TEST_CASE("a call is found by its name wherever its row lies, and the newest of that name",
          "[storage]") {
    Groups store;
    std::vector<std::int64_t> early(group_rows);
    std::iota(early.begin(), early.end(), 5);
    auto late = early;
    for (auto& id : late)
        id += 90'000;
    store.append(store.alike(early));
    store.append(store.alike({30'000}));
    store.append(store.alike(late));
    store.append(store.alike({95'000}));
    CHECK(store.count("usage_brief_202601") == 2 * group_rows);
    CHECK(store.count("usage_row_202601") == 2);
    auto get = [&](const std::string& name) {
        return store.read([&](Session& s) { return s.usage().get(name); });
    };
    for (const auto& [id, text] : store.appended)
        CHECK(text_of(must(get("request-" + std::to_string(id)))) == text);
    CHECK(get("request-4").error().code == Code::not_found);
    auto again = store.alike({95'001});
    again.front().request_id = "request-5";
    store.append(again);
    CHECK(must(get("request-5")).id.value == 95'001);
}

TEST_CASE("calls are stored under their own ids, in a row or not", "[storage]") {
    Groups store;
    using Ids = std::vector<std::int64_t>;
    std::vector<Ids> groups{
        {1, 2, 3, 4, 5, 6, 7, 8, 9},
        {10, 11, 12, 13, 14, 15, 16, 17},  // behind them
        {20, 21, 22, 23, 24, 25, 26, 27},  // not quite
        {18, 28, 29, 30, 31, 32, 33, 34},  // a late one
        {35, 36, 37, 38, 40, 41, 42, 43},  // a gap
        {44, 45, 46},
        {47, 48, 49, 50, 51, 52, 53, 54},  // behind them in one table only, if kinds are brief
        {62, 61, 60, 59, 58, 57, 56, 55},  // in another order
        {63, 64, 65, 66, 67, 68, 69, 71},  // one too far
        {70, 72, 73, 74, 75, 76, 77, 78},
        {19, 39, 79, 80, 81, 82, 83, 84},
    };
    SECTION("alike") {
        for (const auto& ids : groups)
            store.append(store.alike(ids));
        // Most of it is stored already.
        store.append(store.alike(Ids{77, 78, 79, 80, 81, 82, 83, 84, 85}));
    }
    SECTION("of different models") {
        for (const auto& ids : groups) {
            auto calls = store.alike(ids);
            for (auto& call : calls) {
                call.model = call.id.value % 2 == 0 ? "even" : "odd";
                store.appended[call.id.value] = text_of(call);
            }
            store.append(calls);
        }
    }
    CHECK(store.stored() == store.appended);
    store.sum_up();
    CHECK(store.problems() == Problems{});
    CHECK(store.count("charge") == static_cast<std::int64_t>(store.appended.size()));
}

TEST_CASE("each thing that calls can have in common makes a kind of its own", "[storage]") {
    Groups store;
    store.append(store.alike());
    std::vector<std::function<void(Call&)>> changes{
        [](Call& call) { call.tenant = TenantId{2}; },
        [](Call& call) { call.account = AccountId{1}; },
        [](Call& call) { call.user = {}; },
        [](Call& call) { call.token = TokenId{3}; },
        [](Call& call) { call.model = "other"; },
        [](Call& call) { call.model_served = ""; },
        [](Call& call) { call.channel = {}; },
        [](Call& call) { call.key_index = 1; },
        [](Call& call) { call.source = llm::UsageSource::none; },
        [](Call& call) { call.price = PriceId{5}; },
        [](Call& call) { call.status = 404; },
        [](Call& call) { call.attempts = 2; },
        [](Call& call) { call.stream = true; },
        [](Call& call) { call.finish_reason = "length"; },
        [](Call& call) { call.client = "::1"; },
        [](Call& call) { call.user_agent = ""; },
    };
    for (const auto& change : changes)
        store.append(store.alike(change));
    CHECK(store.count("usage_row_202601") == 0);
    CHECK(store.count("usage_kind_202601") == static_cast<std::int64_t>(changes.size()) + 1);
    CHECK(store.stored() == store.appended);
}

TEST_CASE("groups of few calls, of rare ones or of different ones have no kind", "[storage]") {
    Groups store;
    store.append(store.alike());
    auto few = store.alike();
    for (std::size_t i = 0; i < few.size(); i += 3)
        store.append({few[i], few[i + 1], few[i + 2]});
    store.append(store.alike([](Call& call) { call.usage.images = 1; }));
    store.append(store.alike([](Call& call) { call.loss = Money::nanos(1); }));
    auto mixed = store.alike([](Call& call) { call.attempts = call.id.value % 2 == 0 ? 1 : 2; });
    store.append(mixed);
    // Over the end of a month.
    store.append(
        store.alike([](Call& call) { call.time += std::chrono::days(call.id.value % 40); }));
    CHECK(store.count("usage_brief_202601") == group_rows);
    CHECK(store.stored() == store.appended);
}

TEST_CASE("a kind that went with its group is told again", "[storage]") {
    Groups store;
    // The tables of the month stay, and so does what is known of them.
    store.append(store.alike());
    auto calls = store.alike([](Call& call) { call.model = "other"; });
    auto failed = store.write([&](Session& s) -> Result<void> {
        must(Groups::append(s, calls));
        return fail(Code::conflict, "as the test wants it");
    });
    REQUIRE_FALSE(failed);
    CHECK(store.count("usage_kind_202601") == 1);
    store.append(calls);
    CHECK(store.stored() == store.appended);
    CHECK(store.count("usage_kind_202601") == 2);
}

TEST_CASE("retention takes brief rows like others, and their kinds with the month", "[storage]") {
    Groups store;
    store.append(store.alike());
    store.append({store.alike().front()});
    store.appended.erase(store.appended.upper_bound(group_rows + 1), store.appended.end());
    store.sum_up();
    auto before = january(31) + std::chrono::days(1);
    auto step = must(store.write([&](Session& s) { return s.usage().retire(before, 5); }));
    CHECK(step.rows == 5);
    store.appended.erase(store.appended.begin(), store.appended.upper_bound(5));
    CHECK(store.stored() == store.appended);
    CHECK(store.problems() == Problems{});
    while (must(store.write([&](Session& s) { return s.usage().retire(before, 5); })).more) {
    }
    CHECK(store.stored().empty());
    CHECK(store.tables() == 0);
    CHECK(store.problems() == Problems{});
    // A late one makes them again.
    store.reopen();
    store.appended.clear();
    auto late = store.alike([](Call& call) {
        call.id.value += 100;
        call.request_id += "-late";
    });
    store.append(late);
    CHECK(store.stored().size() == late.size());
    CHECK(store.tables() == 3);
}

TEST_CASE("a lost or changed kind is found by proving the books", "[storage]") {
    Groups store;
    store.append(store.alike());
    store.sum_up();
    SECTION("lost") {
        store.damage("DELETE FROM usage_kind_202601");
        REQUIRE_FALSE(store.problems().empty());
        CHECK(store.problems()[0] == "charge 1 has no usage row");
    }
    SECTION("changed") {
        store.damage("UPDATE usage_kind_202601 SET token = 77");
        REQUIRE_FALSE(store.problems().empty());
        CHECK(store.problems()[0] == "charge 1 and its usage row differ");
    }
    SECTION("a brief row lost") {
        store.damage("DELETE FROM usage_brief_202601 WHERE id = 2");
        REQUIRE_FALSE(store.problems().empty());
        CHECK(store.problems()[0] == "charge 2 has no usage row");
    }
}

TEST_CASE("brief rows are rows again on the way back, and not on the way up", "[storage]") {
    Groups store;
    store.append(store.alike());
    store.append(store.alike([](Call& call) { call.model = "other"; }));
    store.sum_up();
    store.close();
    auto before = 0;
    for (const auto& step : sqlite::embedded_migrations())
        if (step.name == "usage_brief")
            before = step.version - 1;
    REQUIRE(before > 0);
    must(migrate_to(store.options, before));
    CHECK(store.count("usage_row_202601") == 2 * group_rows);
    CHECK(store.tables() == 1);
    store.open();
    CHECK(store.count("usage_row_202601") == 2 * group_rows);
    CHECK(store.stored() == store.appended);
    store.append(store.alike());
    CHECK(store.count("usage_brief_202601") == group_rows);
    CHECK(store.stored() == store.appended);
    store.sum_up();
    CHECK(store.problems() == Problems{});
}
