#include "core/storage/sqlite/connection.hpp"
#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <span>
#include <vector>

using namespace obliv;
using namespace obliv::storage;
using test::must;
using test::sample_call;
using test::TestStore;

namespace {

struct Books : TestStore {
    AccountId team;
    TokenId token;
    PriceId price;

    Books() {
        must(write([&](Session& s) -> Result<void> {
            Account account;
            account.tenant = first_tenant;
            account.name = "team";
            team = must(s.accounts().insert(account));
            Token row;
            row.tenant = first_tenant;
            row.user = first_user;
            row.account = team;
            row.name = "t";
            token = must(s.tokens().insert(row));
            price = must(s.prices().append(test::nano_price("asked")));
            return ok();
        }));
    }
    Call call(std::int64_t id, std::int64_t cost) {
        auto row = sample_call(id, team, price, cost);
        row.token = token;
        return row;
    }
    Result<void> append(const Call& row) {
        return write([&](Session& s) {
            const Call* rows[] = {&row};
            return s.ledger().append(rows);
        });
    }
    Transfer topup(std::int64_t id, std::int64_t nanos, const std::string& operation) {
        Transfer row;
        row.id = id;
        row.source = funding_account;
        row.target = team;
        row.amount = Money::nanos(nanos);
        row.operation_id = operation;
        row.reason = "test";
        return row;
    }
    LedgerReport verify() {
        return must(read([](Session& s) { return s.ledger().verify(); }));
    }
    Money balance(AccountId id) {
        return must(read([&](Session& s) { return s.accounts().get(id); })).balance;
    }
    /// Changes the file behind the store's back, and says what verify finds.
    std::string damaged(const std::string& sql) {
        close();
        must(must(sqlite::Connection::open(options.path, sqlite::Access::write))->run(sql));
        open();
        std::string all;
        for (const auto& problem : verify().problems)
            all += problem + "\n";
        return all;
    }
};

}  // namespace

TEST_CASE("a stored call comes back as it was", "[storage]") {
    Books books;
    auto call = books.call(1, 30);
    call.usage = {1, 2, 3, 4, 5, 6, 30, 8, 9};
    call.loss = Money::nanos(17);
    call.channel = ChannelId{4};
    call.key_index = 2;
    call.ttft_us = 123;
    call.duration_us = 456;
    call.attempts = 3;
    call.stream = true;
    call.error = "upstream_timeout";
    must(books.append(call));
    auto row = must(books.read([](Session& s) { return s.usage().get("request-1"); }));
    CHECK(row.id == call.id);
    CHECK(row.time == call.time);
    CHECK(row.tenant == call.tenant);
    CHECK(row.account == call.account);
    CHECK(row.user == call.user);
    CHECK(row.token == call.token);
    CHECK(row.model == call.model);
    CHECK(row.model_served == call.model_served);
    CHECK(row.channel == call.channel);
    CHECK(row.key_index == call.key_index);
    CHECK(row.usage == call.usage);
    CHECK(row.source == call.source);
    CHECK(row.price == call.price);
    CHECK(row.held == call.held);
    CHECK(row.cost == call.cost);
    CHECK(row.loss == call.loss);
    CHECK(row.ttft_us == call.ttft_us);
    CHECK(row.duration_us == call.duration_us);
    CHECK(row.status == call.status);
    CHECK(row.attempts == call.attempts);
    CHECK(row.stream == call.stream);
    CHECK(row.finish_reason == call.finish_reason);
    CHECK(row.client == call.client);
    CHECK(row.user_agent == call.user_agent);
    CHECK(row.error == call.error);
    auto missing = books.read([](Session& s) { return s.usage().get("nobody"); });
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Code::not_found);
}

TEST_CASE("plain calls and others of one batch come back as they were", "[storage]") {
    Books books;
    std::vector<Call> calls;
    auto add = [&](auto&& change) {
        auto id = static_cast<std::int64_t>(calls.size()) + 1;
        calls.push_back(books.call(id, 0));
        change(calls.back());
    };
    for (auto member : llm::usage_members) {
        add([](Call&) {});
        add([&](Call& call) { call.usage.*member = 3; });
    }
    add([](Call& call) { call.loss = Money::nanos(2); });
    add([](Call& call) { call.share = 500'000; });
    add([](Call& call) { call.error = "upstream_timeout"; });
    std::vector<const Call*> rows;
    for (const auto& call : calls)
        rows.push_back(&call);
    must(books.write([&](Session& s) { return s.ledger().append(rows); }));
    for (const auto& call : calls) {
        auto row = must(books.read([&](Session& s) { return s.usage().get(call.request_id); }));
        INFO(call.request_id);
        CHECK(row.usage == call.usage);
        CHECK(row.loss == call.loss);
        CHECK(row.share == call.share);
        CHECK(row.error == call.error);
        CHECK(row.user_agent == call.user_agent);
    }
}

TEST_CASE("calls that have nearly all in common come back as they were", "[storage]") {
    Books books;
    std::vector<void (*)(Call&)> changes{
        [](Call&) {},
        [](Call& call) { call.tenant = TenantId{2}; },
        [](Call& call) { call.account = admin_account; },
        [](Call& call) { call.user = {}; },
        [](Call& call) { call.token = {}; },
        [](Call& call) { call.model = "other"; },
        [](Call& call) { call.model_served = ""; },
        [](Call& call) { call.channel = ChannelId{9}; },
        [](Call& call) { call.key_index = 1; },
        [](Call& call) { call.source = llm::UsageSource::none; },
        [](Call& call) { call.price = {}; },
        [](Call& call) { call.status = 404; },
        [](Call& call) { call.attempts = 2; },
        [](Call& call) { call.stream = true; },
        [](Call& call) { call.finish_reason = "length"; },
        [](Call& call) { call.client = "::1"; },
        [](Call& call) { call.user_agent = ""; },
    };
    auto line = [](const Call& call) {
        auto text = call.id.text() + " " + call.request_id;
        for (auto id : {call.tenant.value, call.account.value, call.user.value, call.token.value,
                        call.channel.value, call.price.value, call.held.nanos(), call.usage.input,
                        std::int64_t{call.key_index}, static_cast<std::int64_t>(call.source),
                        std::int64_t{call.status}, std::int64_t{call.attempts},
                        std::int64_t{call.stream}, unix_nanos(call.time)})
            text += " " + std::to_string(id);
        return text + " " + call.model + " " + call.model_served + " " + call.finish_reason + " " +
               call.client + " " + call.user_agent;
    };
    std::int64_t id = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        CAPTURE(i);
        // The odd one out is not the first, which stands for all where they are alike.
        std::vector<Call> calls{books.call(++id, 0), books.call(++id, 0), books.call(++id, 0)};
        calls.back().usage.input = 8;
        changes[i](calls[1]);
        std::vector<const Call*> rows{&calls[0], &calls[1], &calls[2]};
        must(books.write([&](Session& s) { return s.ledger().append(rows); }));
        for (const auto& call : calls)
            CHECK(line(must(books.read(
                      [&](Session& s) { return s.usage().get(call.request_id); }))) == line(call));
    }
    must(books.write([&](Session& s) { return s.ledger().fold(ChargeId{id}, 1000); }));
    CHECK(books.verify().problems == std::vector<std::string>{});
}

TEST_CASE("a record is kept beside the call that has one, and nowhere else", "[storage]") {
    Books books;
    auto plain = books.call(1, 30);
    plain.channel = ChannelId{4};
    auto failed_over = books.call(2, 30);
    failed_over.channel = ChannelId{4};
    failed_over.attempts = 2;
    failed_over.record =
        R"({"attempts":[{"channel":3,"cause":"timeout"},{"channel":4,"cause":"ok"}]})";
    must(books.append(plain));
    must(books.append(failed_over));
    must(books.append(failed_over));  // a replay
    auto record = [&](std::int64_t id) {
        return must(books.read([&](Session& s) { return s.usage().record(ChargeId{id}); }));
    };
    CHECK(record(1).empty());
    CHECK(record(2) == failed_over.record);
    auto groups = must(books.read([](Session& s) { return s.usage().attempts({}); }));
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].channel == ChannelId{3});
    CHECK(groups[0].cause == "timeout");
    CHECK(groups[0].attempts == 1);
    CHECK(groups[1].channel == ChannelId{4});
    CHECK(groups[1].cause == "ok");
    CHECK(groups[1].attempts == 2);
    UsageFilter nobody;
    nobody.model = "nobody";
    CHECK(must(books.read([&](Session& s) { return s.usage().attempts(nobody); })).empty());
}

TEST_CASE("storing a call again changes nothing", "[storage]") {
    Books books;
    must(books.append(books.call(1, 30)));
    must(books.append(books.call(1, 30)));
    auto report = books.verify();
    CHECK(report.ok());
    CHECK(report.charges == 1);
    CHECK(report.usage_rows == 1);
}

TEST_CASE("a batch of which a part is stored already is stored once, in any order", "[storage]") {
    auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 5; ++round) {
        Books books;
        std::vector<Call> calls;
        for (std::int64_t id = 1; id <= 20; ++id) {
            calls.push_back(books.call(id, 10 * id));
            if (id % 3 == 0)
                calls.back().record = R"({"attempts":[{"channel":3,"cause":"ok"}]})";
        }
        std::vector<const Call*> rows;
        for (const auto& call : calls)
            rows.push_back(&call);
        auto append = [&](std::span<const Call* const> batch) {
            return books.write([&](Session& s) { return s.ledger().append(batch); });
        };
        std::shuffle(rows.begin(), rows.end(), random);
        must(append(std::span(rows).first(10)));
        std::shuffle(rows.begin(), rows.end(), random);
        must(append(rows));
        auto report = books.verify();
        CHECK(report.ok());
        CHECK(report.charges == 20);
        CHECK(report.usage_rows == 20);
        for (const auto& call : calls)
            CHECK(must(books.read([&](Session& s) { return s.usage().record(call.id); })) ==
                  call.record);
        must(books.write([](Session& s) { return s.ledger().fold(ChargeId{20}, 100); }));
        CHECK(books.balance(books.team) == Money::nanos(-2100));

        // One of them is another call: nothing of the batch is stored.
        auto stranger = books.call(7, 70);
        stranger.request_id = "another";
        auto fresh = books.call(21, 1);
        const Call* mixed[] = {&fresh, &stranger};
        auto refused = append(mixed);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Code::corrupt);
        CHECK(books.verify().charges == 20);
    }
}

TEST_CASE("one charge id for two requests is corrupt, not ignored", "[storage]") {
    Books books;
    must(books.append(books.call(1, 30)));
    auto other = books.call(1, 30);
    other.request_id = "another";
    auto done = books.append(other);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Code::corrupt);
}

TEST_CASE("folding moves charges into balances, step by step, exactly once", "[storage]") {
    Books books;
    for (std::int64_t id = 1; id <= 10; ++id)
        must(books.append(books.call(id, id)));
    auto fold = [&](std::int64_t limit, std::int64_t rows) {
        return must(
            books.write([&](Session& s) { return s.ledger().fold(ChargeId{limit}, rows); }));
    };
    auto step = fold(8, 5);
    CHECK(step.rows == 5);
    CHECK(step.more);
    CHECK(step.watermark == ChargeId{5});
    CHECK(books.balance(books.team) == Money::nanos(-15));
    CHECK(books.balance(revenue_account) == Money::nanos(15));
    CHECK(books.verify().ok());
    step = fold(8, 5);
    CHECK(step.rows == 3);
    CHECK_FALSE(step.more);
    step = fold(8, 5);
    CHECK(step.rows == 0);
    CHECK(step.watermark == ChargeId{8});
    CHECK(books.balance(books.team) == Money::nanos(-36));
    fold(100, 100);
    CHECK(books.balance(books.team) == Money::nanos(-55));
    CHECK(must(books.read([&](Session& s) { return s.tokens().get(books.token); })).spent ==
          Money::nanos(55));
    CHECK(must(books.read([](Session& s) { return s.ledger().watermark(); })) == ChargeId{10});
    CHECK(books.verify().ok());
}

TEST_CASE("a loss is the operator's, and revenue is the whole price", "[storage]") {
    Books books;
    auto call = books.call(1, 30);
    call.usage.output = 42;
    call.loss = Money::nanos(12);
    must(books.append(call));
    must(books.write([](Session& s) { return s.ledger().fold(ChargeId{1}, 10); }));
    CHECK(books.balance(books.team) == Money::nanos(-30));
    CHECK(books.balance(revenue_account) == Money::nanos(42));
    CHECK(books.balance(loss_account) == Money::nanos(-12));
    CHECK(books.verify().ok());
}

TEST_CASE("a transfer moves both balances, and its repeat answers the first", "[storage]") {
    Books books;
    auto put = [&](const Transfer& row) {
        return books.write([&](Session& s) { return s.ledger().transfer(row); });
    };
    CHECK(must(put(books.topup(1, 100, "op"))).id == 1);
    auto again = must(put(books.topup(2, 999, "op")));
    CHECK(again.id == 1);
    CHECK(again.amount == Money::nanos(100));
    CHECK(again.reason == "test");
    CHECK(books.balance(books.team) == Money::nanos(100));
    CHECK(books.balance(funding_account) == Money::nanos(-100));
    auto unknown = books.topup(3, 1, "op3");
    unknown.target = AccountId{999};
    auto refused = put(unknown);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::not_found);
    CHECK(books.balance(funding_account) == Money::nanos(-100));
    CHECK(must(books.read([](Session& s) { return s.ledger().newest_id(); })) == 1);
    auto report = books.verify();
    CHECK(report.ok());
    CHECK(report.transfers == 1);
    CHECK(report.accounts == 5);
}

TEST_CASE("entries are paged over calls and transfers alike", "[storage]") {
    Books books;
    for (std::int64_t id = 1; id <= 6; ++id) {
        if (id == 3)
            must(books.write(
                [&](Session& s) { return s.ledger().transfer(books.topup(3, 100, "op")); }));
        else
            must(books.append(books.call(id, id == 5 ? 0 : id)));
    }
    auto walk = [&](EntryFilter filter, bool descending, int limit) {
        std::vector<Entry> all;
        PageRequest request{0, limit, descending};
        for (int guard = 0; guard < 100; ++guard) {
            auto page =
                must(books.read([&](Session& s) { return s.ledger().entries(filter, request); }));
            CHECK(page.rows.size() <= static_cast<std::size_t>(limit));
            all.insert(all.end(), page.rows.begin(), page.rows.end());
            if (!page.next)
                break;
            request.after = *page.next;
        }
        return all;
    };
    auto everything = walk({}, false, 1000);
    // Four charges with six entries, one (all released) with four, a transfer with two.
    CHECK(everything.size() == 30);
    for (int limit : {1, 3, 7})
        for (bool descending : {false, true}) {
            auto paged = walk({}, descending, limit);
            REQUIRE(paged.size() == 30);
            if (descending)
                std::reverse(paged.begin(), paged.end());
            for (std::size_t i = 0; i < paged.size(); ++i)
                CHECK(paged[i].id == everything[i].id);
        }
    Money sum;
    for (const auto& entry : walk({books.team, {}}, true, 2))
        sum += entry.amount;
    CHECK(sum == Money::nanos(100 - 1 - 2 - 4 - 6));
    Money revenue;
    for (const auto& entry : walk({revenue_account, {}}, true, 2))
        revenue += entry.amount;
    CHECK(revenue == Money::nanos(1 + 2 + 4 + 6));
    auto one = walk({{}, ChargeId{4}}, false, 50);
    CHECK(one.size() == 6);
    CHECK(walk({{}, ChargeId{3}}, false, 50).empty());
    CHECK(walk({loss_account, {}}, false, 50).empty());
}

TEST_CASE("usage is filtered, paged and summed", "[storage]") {
    Books books;
    for (std::int64_t id = 1; id <= 9; ++id) {
        auto call = books.call(id, id);
        call.model = id % 2 ? "odd" : "even";
        call.channel = ChannelId{id % 3};
        call.status = id == 9 ? 502 : 200;
        call.time = from_unix_nanos(id * 86'400'000'000'000 / 3);
        must(books.append(call));
    }
    auto count = [&](UsageFilter filter) {
        return must(books.read([&](Session& s) { return s.usage().page(filter, {}); })).rows.size();
    };
    UsageFilter filter;
    CHECK(count(filter) == 9);
    filter.model = "odd";
    CHECK(count(filter) == 5);
    filter.since = from_unix_nanos(86'400'000'000'000);
    CHECK(count(filter) == 4);
    filter.until = from_unix_nanos(2 * 86'400'000'000'000);
    CHECK(count(filter) == 2);
    filter = {};
    filter.account = books.team;
    filter.token = books.token;
    filter.channel = ChannelId{1};
    CHECK(count(filter) == 3);
    filter.token = TokenId{99};
    CHECK(count(filter) == 0);
    auto newest = must(books.read([](Session& s) { return s.usage().page({}, {0, 2, true}); }));
    REQUIRE(newest.rows.size() == 2);
    CHECK(newest.rows[0].id == ChargeId{9});
    CHECK(newest.next == 8);

    auto report = [&](std::vector<UsageKey> by) {
        return must(books.read([&](Session& s) { return s.usage().report({}, by); }));
    };
    auto models = report({UsageKey::model});
    REQUIRE(models.size() == 2);
    CHECK(models[0].key == std::vector<std::string>{"even"});
    CHECK(models[1].requests == 5);
    CHECK(models[1].errors == 1);
    CHECK(models[1].cost == Money::nanos(25));
    CHECK(models[1].usage.input == 35);
    auto days = report({UsageKey::day, UsageKey::model});
    CHECK(days[0].key == std::vector<std::string>{"1970-01-01", "even"});
    CHECK(days.size() == 7);
    auto all = report({});
    REQUIRE(all.size() == 1);
    CHECK(all[0].requests == 9);
    CHECK(report({UsageKey::token})[0].key[0] == books.token.text());
    CHECK(report({UsageKey::account}).size() == 1);
    CHECK(report({UsageKey::channel}).size() == 3);
    CHECK(report({UsageKey::channel})[0].key[0] == "0");
}

TEST_CASE("verify finds every kind of damage", "[storage]") {
    struct Damage {
        const char* sql;
        const char* problem;
    };
    const Damage damages[] = {
        {"DELETE FROM usage_row_202311 WHERE id = 2", "charge 2 has no usage row"},
        {"DELETE FROM charge WHERE id = 2", "usage row 2 has no charge"},
        {"UPDATE charge SET cost = cost + 1 WHERE id = 2", "charge 2 and its usage row differ"},
        {"UPDATE usage_row_202311 SET token = 77 WHERE id = 2",
         "charge 2 and its usage row differ"},
        {"UPDATE usage_row_202311 SET output = output + 1 WHERE id = 2", "charge 2 books"},
        {"UPDATE usage_row_202311 SET output = -1 WHERE id = 2", "charge 2 has a negative count"},
        {"UPDATE charge SET held = -1 WHERE id = 2; UPDATE usage_row_202311 SET held = -1 WHERE id "
         "= 2",
         "charge 2 has a negative amount"},
        {"UPDATE charge SET price = 55; UPDATE usage_row_202311 SET price = 55",
         "price version 55"},
        {"UPDATE price SET output = output * 2", "charge 1 books"},
        {"UPDATE account SET balance = balance + 1 WHERE id = 10", "account admin has a balance"},
        {"UPDATE account SET balance = balance + 1 WHERE id = 10", "not zero"},
        {"UPDATE token SET spent = 0", "has spent"},
        {"UPDATE fold SET watermark = 3", "has a balance of"},
        {"UPDATE charge SET account = 88 WHERE id = 1", "account 88, which does not exist"},
        {"UPDATE transfer SET amount = 99", "has a balance of"},
        {"PRAGMA foreign_keys = OFF; UPDATE transfer SET source = target", "moves nothing"},
        {"DELETE FROM transfer", "has a balance of"},
        {"UPDATE fold SET charges = 1", "the running totals are 1 charges"},
        {"UPDATE fold SET billed = billed + 1", "the running totals are 2 charges"},
        {"UPDATE fold SET rolled_rows = 3", "3 usage rows were summed up, and there are 2"},
        {"UPDATE usage_day SET requests = 7", "usage_day sums up 7 calls"},
        {"UPDATE usage_hour SET cost = cost + 1", "usage_hour sums up 2 calls"},
        {"UPDATE usage_hour SET images = 4", "with other units"},
        {"UPDATE usage_month SET rows = 1 WHERE month = 0", "retention removed 1 usage rows"},
    };
    for (const auto& damage : damages) {
        Books books;
        for (std::int64_t id = 1; id <= 3; ++id)
            must(books.append(books.call(id, 10 * id)));
        must(books.write(
            [&](Session& s) { return s.ledger().transfer(books.topup(4, 100, "op")); }));
        must(books.write([](Session& s) { return s.ledger().fold(ChargeId{2}, 10); }));
        must(books.write([](Session& s) { return s.ledger().roll_up(ChargeId{2}, 2); }));
        REQUIRE(books.verify().ok());
        CAPTURE(damage.sql);
        CHECK_THAT(books.damaged(damage.sql), Catch::Contains(damage.problem));
    }
}

TEST_CASE("verify lists a hundred problems and counts the rest", "[storage]") {
    Books books;
    for (std::int64_t id = 1; id <= 150; ++id)
        must(books.append(books.call(id, 1)));
    books.damaged("DELETE FROM usage_row_202311");
    auto report = books.verify();
    CHECK(report.problems.size() == 100);
    CHECK(report.problems.back() == "and 51 more");
}

TEST_CASE("a call that reached nobody costs nothing, whatever the price of a call", "[storage]") {
    Books books;
    auto price = test::nano_price("asked");
    price.price.per_call = Money::dollars(1);
    auto id = must(books.write([&](Session& s) { return s.prices().append(price); }));
    auto call = books.call(1, 0);
    call.price = id;
    call.source = llm::UsageSource::none;
    call.usage = {};
    must(books.append(call));
    CHECK(books.verify().ok());
}
