#include "core/storage/sqlite/migrate.hpp"
#include "core/storage/sqlite/months.hpp"
#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::test;

namespace {

WallTime day(int year, unsigned month, unsigned number) {
    return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) /
                                 std::chrono::day(number));
}

/// A store with a call on the first of each of some months.
struct Months : TestStore {
    std::int64_t id = 0;

    Call call(WallTime time) {
        auto row = sample_call(++id, admin_account);
        row.time = time;
        return row;
    }
    void append(const std::vector<Call>& calls) {
        std::vector<const Call*> rows;
        for (const auto& row : calls)
            rows.push_back(&row);
        must(write([&](Session& s) { return s.ledger().append(rows); }));
    }
    void sum_up() {
        must(write([&](Session& s) { return s.ledger().fold(ChargeId{id}, 1000); }));
        must(write([&](Session& s) { return s.ledger().roll_up(ChargeId{id}, 1000); }));
    }
    RetireStep retire(WallTime before, std::int64_t rows_max = 1000) {
        return must(write([&](Session& s) { return s.usage().retire(before, rows_max); }));
    }
    std::vector<std::int64_t> ids(bool descending = false) {
        std::vector<std::int64_t> out;
        auto page = must(read([&](Session& s) {
            return s.usage().page({}, {0, 1000, descending});
        }));
        for (const auto& row : page.rows)
            out.push_back(row.id.value);
        return out;
    }
    std::int64_t requests() {
        auto all = must(read([](Session& s) { return s.usage().report({}, {}); }));
        return all[0].requests;
    }
    LedgerReport verify() {
        return must(read([](Session& s) { return s.ledger().verify(); }));
    }
    std::int64_t tables() {
        auto connection = must(sqlite::Connection::open(options.path, sqlite::Access::read));
        sqlite::Query query(*connection, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
                                         "AND name GLOB 'usage_row_*'");
        REQUIRE(must(query.step()));
        std::int64_t count = 0;
        query.read(count);
        return count;
    }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a month ends when the next begins", "[storage]") {
    CHECK(sqlite::month_of(day(2026, 1, 31) + std::chrono::hours(23)) == 202601);
    CHECK(sqlite::month_of(day(2026, 2, 1)) == 202602);
    CHECK(sqlite::month_of(from_unix_nanos(-1)) == 196912);
    CHECK(sqlite::end_of_month(202602) == day(2026, 3, 1));
    CHECK(sqlite::end_of_month(202612) == day(2027, 1, 1));
}

TEST_CASE("a batch over the end of a month is one list again", "[storage]") {
    Months store;
    store.append({store.call(day(2026, 1, 31)), store.call(day(2026, 2, 1)),
                  store.call(day(2026, 1, 30)), store.call(day(2026, 3, 1))});
    CHECK(store.tables() == 3);
    CHECK(store.ids() == Ids{1, 2, 3, 4});
    CHECK(store.ids(true) == Ids{4, 3, 2, 1});
    CHECK(must(store.read([](Session& s) { return s.usage().get("request-2"); })).time ==
          day(2026, 2, 1));
    CHECK(store.verify().ok());
    // Again, and in another order: nothing changes.
    store.id = 0;
    auto first = store.call(day(2026, 1, 31));
    store.append({store.call(day(2026, 2, 1)), first});
    CHECK(store.ids() == Ids{1, 2, 3, 4});
}

TEST_CASE("a month whose table went with its group is made again", "[storage]") {
    Months store;
    auto call = store.call(day(2026, 1, 5));
    auto failed = store.write([&](Session& s) -> Result<void> {
        const Call* rows[] = {&call};
        must(s.ledger().append(rows));
        return fail(Code::conflict, "as the test wants it");
    });
    REQUIRE_FALSE(failed);
    CHECK(store.tables() == 0);
    auto attempt = [&] {
        return store.write([&](Session& s) {
            const Call* rows[] = {&call};
            return s.ledger().append(rows);
        });
    };
    // The first attempt may find that out only by failing, as the writer's own retries do.
    if (!attempt())
        must(attempt());
    CHECK(store.ids() == Ids{1});
    store.sum_up();
    CHECK(store.requests() == 1);
    CHECK(store.verify().ok());
}

TEST_CASE("retention takes whole months in steps, and the books still agree", "[storage]") {
    Months store;
    std::vector<Call> calls;
    for (unsigned month : {1U, 1U, 1U, 2U, 3U})
        calls.push_back(store.call(day(2026, month, 7)));
    calls[0].record = "{}";
    store.append(calls);
    SECTION("not before they are summed up") {
        CHECK(store.retire(day(2026, 3, 1)).rows == 0);
        CHECK(store.ids().size() == 5);
    }
    store.sum_up();
    CHECK(store.retire(day(2026, 1, 31)).rows == 0);
    auto step = store.retire(day(2026, 2, 1), 2);
    CHECK(step.rows == 2);
    CHECK(step.more);
    CHECK(store.verify().ok());
    CHECK(store.verify().retired == 2);
    CHECK(must(store.read([](Session& s) { return s.usage().record(ChargeId{1}); })).empty());
    CHECK(store.retire(day(2026, 2, 1), 2).rows == 1);
    CHECK_FALSE(store.retire(day(2026, 2, 1), 2).more);
    CHECK(store.tables() == 2);
    CHECK(store.ids() == Ids{4, 5});
    CHECK(store.requests() == 5);
    auto report = store.verify();
    CHECK(report.ok());
    CHECK(report.charges == 5);
    CHECK(report.usage_rows == 2);
    CHECK(report.retired == 3);
    // A replay of what was removed is the same call, and stays removed.
    store.append({calls[1]});
    CHECK(store.ids() == Ids{4, 5});
    store.reopen();
    CHECK(store.verify().ok());
    CHECK(store.requests() == 5);
}

TEST_CASE("a row that is lost is not taken for one that was removed", "[storage]") {
    Months store;
    store.append(
        {store.call(day(2026, 1, 7)), store.call(day(2026, 1, 8)), store.call(day(2026, 2, 7))});
    store.sum_up();
    store.retire(day(2026, 2, 1), 1);
    store.close();
    must(must(sqlite::Connection::open(store.options.path, sqlite::Access::write))
             ->run("DELETE FROM usage_row_202602"));
    store.open();
    auto problems = store.verify().problems;
    REQUIRE_FALSE(problems.empty());
    CHECK(problems[0] == "charge 3 has no usage row");
}

TEST_CASE("rows from before there were months stay where they are until they are too old",
          "[storage]") {
    Months store;
    store.close();
    auto known = sqlite::embedded_migrations();
    auto before = 0;
    for (const auto& step : known)
        if (step.name == "usage_months")
            before = step.version - 1;
    must(migrate_to(store.options, before));
    must(must(sqlite::Connection::open(store.options.path, sqlite::Access::write))
             ->run("INSERT INTO charge (id, time, account, held, cost, loss) VALUES (1, " +
                   std::to_string(unix_nanos(day(2026, 1, 7))) + ", 10, 0, 0, 0), (2, " +
                   std::to_string(unix_nanos(day(2026, 2, 7))) +
                   ", 10, 0, 0, 0); INSERT INTO usage_row (id, time, request_id, model, account, "
                   "held, cost, loss, source, input, cache_read, cache_write_5m, cache_write_1h, "
                   "audio_in, image_in, output, reasoning, audio_out, status, error) SELECT id, "
                   "time, 'old-' || id, 'm', account, held, cost, loss, 4, 0, 0, 0, 0, 0, 0, 0, "
                   "0, 0, 200, '' FROM charge"));
    store.open();
    store.id = 2;
    store.append({store.call(day(2026, 2, 8))});
    store.sum_up();
    CHECK(store.ids() == Ids{1, 2, 3});
    CHECK(store.requests() == 3);
    CHECK(store.verify().ok());
    CHECK(store.retire(day(2026, 2, 1)).rows == 1);
    CHECK(store.ids() == Ids{2, 3});
    CHECK(store.verify().ok());
    // Back to one table: every row that there is comes along.
    store.close();
    must(migrate_to(store.options, before));
    CHECK(store.tables() == 0);
    {
        auto connection = must(sqlite::Connection::open(store.options.path, sqlite::Access::read));
        sqlite::Query query(*connection, "SELECT count(*), sum(id) FROM usage_row");
        REQUIRE(must(query.step()));
        std::int64_t count = 0;
        std::int64_t sum = 0;
        query.read(count, sum);
        CHECK(count == 2);
        CHECK(sum == 5);
    }
    store.open();
    CHECK(store.ids() == Ids{2, 3});
}
