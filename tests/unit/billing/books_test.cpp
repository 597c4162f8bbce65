#include "daemon/billing/books.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

using namespace obliv;
using test::must;
using test::Shop;
using namespace std::chrono_literals;

namespace {
Money nanos(std::int64_t count) {
    return Money::nanos(count);
}
}  // namespace

TEST_CASE("a top-up counts at once, and its repeat changes nothing", "[billing]") {
    Shop shop;
    auto first = must(shop.books->topup(shop.team, nanos(70), "op-1", "june"));
    CHECK(shop.figures(shop.team).available == nanos(70));
    CHECK(first.target == shop.team);
    CHECK(first.source == storage::funding_account);
    auto again = must(shop.books->topup(shop.team, nanos(999), "op-1", "other"));
    CHECK(again.id == first.id);
    CHECK(again.amount == nanos(70));
    CHECK(again.reason == "june");
    CHECK(shop.figures(shop.team).available == nanos(70));
    shop.reopen();
    CHECK(must(shop.books->topup(shop.team, nanos(70), "op-1", "")).id == first.id);
    CHECK(shop.figures(shop.team).available == nanos(70));
    CHECK(must(shop.books->verify()).transfers == 1);
}

TEST_CASE("without an operation id every top-up is one of its own", "[billing]") {
    Shop shop;
    auto one = must(shop.books->topup(shop.team, nanos(1), "", ""));
    auto two = must(shop.books->topup(shop.team, nanos(1), "", ""));
    CHECK(one.id != two.id);
    CHECK_FALSE(one.operation_id.empty());
    CHECK(shop.figures(shop.team).granted == nanos(2));
}

TEST_CASE("an adjustment takes away no more than is there", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto hold = must(shop.reserve(60, shop.team));
    auto refused = shop.books->adjust(shop.team, nanos(-41), "a", "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::conflict);
    auto done = must(shop.books->adjust(shop.team, nanos(-40), "b", "mistake"));
    CHECK(done.source == shop.team);
    CHECK(done.amount == nanos(40));
    CHECK(shop.figures(shop.team).available == nanos(0));
    // The repeat of one that could not be paid now answers the first all the same.
    CHECK(must(shop.books->adjust(shop.team, nanos(-40), "b", "")).id == done.id);
    must(shop.books->adjust(shop.team, nanos(5), "c", ""));
    CHECK(shop.figures(shop.team).available == nanos(5));
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("amounts that make no sense are refused", "[billing]") {
    Shop shop;
    auto& books = *shop.books;
    CHECK(books.topup(shop.team, nanos(0), "a", "").error().code == Code::invalid_request);
    CHECK(books.topup(shop.team, nanos(-1), "a", "").error().code == Code::invalid_request);
    CHECK(books.adjust(shop.team, nanos(0), "a", "").error().code == Code::invalid_request);
    CHECK(books.adjust(shop.team, nanos(INT64_MIN), "a", "").error().code == Code::invalid_request);
    CHECK(books.topup(shop.team, Money::max(), "a", "").error().code == Code::invalid_request);
    CHECK(books.topup(shop.team, nanos(1), std::string(129, 'x'), "").error().code ==
          Code::invalid_request);
    CHECK(books.topup(AccountId{99}, nanos(1), "a", "").error().code == Code::not_found);
    CHECK(books.topup(storage::revenue_account, nanos(1), "a", "").error().code == Code::not_found);
    CHECK(shop.figures(shop.team).granted == nanos(0));
}

TEST_CASE("a transfer that cannot be stored moves nothing in memory", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    shop.database->writer().stop();
    CHECK_FALSE(shop.books->topup(shop.team, nanos(5), "a", ""));
    CHECK_FALSE(shop.books->adjust(shop.team, nanos(-5), "b", ""));
    CHECK(shop.figures(shop.team).available == nanos(100));
    CHECK(shop.figures(shop.team).granted == nanos(100));
}

TEST_CASE("balances and budgets survive a restart and every refresh", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto budgeted = shop.add_token("b", shop.team, nanos(50));
    must(shop.pay(must(shop.reserve(20, shop.team, budgeted)), 12, shop.team, budgeted));
    auto judge = [&] {
        CHECK(shop.figures(shop.team).available == nanos(88));
        CHECK(shop.books->token_figures(budgeted)->spent == nanos(12));
        CHECK(shop.books->token_figures(budgeted)->available == nanos(38));
    };
    judge();
    must(shop.books->refresh_accounts());
    must(shop.books->refresh_tokens());
    must(shop.books->refresh_prices());
    judge();
    shop.reopen();
    judge();
    shop.reopen();
    judge();
    CHECK(shop.books->recovery().replayed == 0);
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a changed budget, kind or limit counts from the refresh on", "[billing]") {
    bool alone = GENERATE(false, true);
    Shop shop;
    shop.topup(shop.team, 100);
    auto change_token = [&](std::optional<Money> budget) {
        must(shop.write([&](storage::Session& s) {
            auto row = must(s.tokens().get(shop.token));
            row.budget = budget;
            return s.tokens().update(row);
        }));
        must(alone ? shop.books->refresh_token(shop.token) : shop.books->refresh_tokens());
    };
    must(shop.pay(must(shop.reserve(20, shop.team, shop.token)), 20, shop.team, shop.token));
    change_token(nanos(25));
    CHECK_FALSE(shop.reserve(6, shop.team, shop.token));
    CHECK(shop.reserve(5, shop.team, shop.token));
    change_token(std::nullopt);
    CHECK(shop.reserve(60, shop.team, shop.token));

    must(shop.write([&](storage::Session& s) {
        auto row = must(s.accounts().get(shop.team));
        row.kind = storage::AccountKind::credit;
        row.credit_limit = nanos(1000);
        return s.accounts().update(row);
    }));
    must(alone ? shop.books->refresh_account(shop.team) : shop.books->refresh_accounts());
    CHECK(shop.reserve(1080, shop.team));
    CHECK_FALSE(shop.reserve(1081, shop.team));
}

TEST_CASE("a removed token is no longer known, and its open call still settles", "[billing]") {
    bool alone = GENERATE(false, true);
    Shop shop;
    shop.topup(shop.team, 100);
    auto hold = must(shop.reserve(20, shop.team, shop.token));
    must(shop.write([&](storage::Session& s) { return s.tokens().remove(shop.token); }));
    must(alone ? shop.books->refresh_token(shop.token) : shop.books->refresh_tokens());
    CHECK_FALSE(shop.books->token_figures(shop.token));
    must(shop.pay(std::move(hold), 20, shop.team, shop.token));
    CHECK(shop.figures(shop.team).available == nanos(80));
    shop.reopen();
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a price that lies ahead is announced, and counts from its time on", "[billing]") {
    test::FakeClock clock;
    Shop shop;
    shop.close();
    shop.books_options.clock = &clock;
    shop.open();
    CHECK_FALSE(shop.books->next_price_change());
    auto append = [&](std::int64_t nanos, std::chrono::seconds from_now) {
        auto row = test::nano_price("asked");
        row.price.output = Money::nanos(nanos);
        row.effective_from = clock.wall() + from_now;
        must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
        must(shop.books->refresh_prices());
    };
    auto price = [&] { return shop.books->view()->prices.at("asked").find({}, {}, {})->output; };
    auto first = clock.wall() + 60s;
    append(7, 90s);
    append(5, 60s);
    CHECK(price() == Money::nanos(1'000'000));
    CHECK(shop.books->next_price_change() == first);
    clock.advance(60s);
    must(shop.books->refresh_prices());
    CHECK(price() == Money::nanos(5));
    CHECK(shop.books->next_price_change() == first + 30s);
    clock.advance(30s);
    must(shop.books->refresh_prices());
    CHECK(price() == Money::nanos(7));
    CHECK_FALSE(shop.books->next_price_change());
}

TEST_CASE("a new price counts for the next call, not for one that was let in before", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 1000);
    auto before = must(shop.reserve(10, shop.team));
    auto row = test::nano_price("asked");
    row.price.output = Money::nanos(5'000'000);
    must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
    must(shop.books->refresh_prices());
    auto after = must(shop.reserve(10, shop.team));
    CHECK(after.amount() == nanos(50));
    CHECK(must(shop.pay(std::move(before), 10, shop.team)).cost == nanos(10));
    CHECK(must(shop.pay(std::move(after), 10, shop.team)).cost == nanos(50));
    shop.flush();
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("the fold runs by itself and leaves nothing behind", "[billing]") {
    storage::WriterOptions writer;
    writer.chore_interval = std::chrono::milliseconds(1);
    Shop shop(writer, 4096);
    shop.close();
    shop.books_options.fold_rows_max = 7;
    shop.open();
    shop.topup(shop.team, 1000);
    for (int i = 0; i < 100; ++i) {
        must(shop.pay(must(shop.reserve(2, shop.team)), 1, shop.team));
        // Transfers take ids of the same sequence.
        if (i % 10 == 0)
            shop.topup(shop.team, 1);
    }
    shop.flush();
    auto folded = [&] {
        return must(shop.database->read([&](storage::Session& s) {
                   return s.accounts().get(shop.team);
               })).balance == nanos(1000 + 10 - 100);
    };
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!folded() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    CHECK(folded());
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("two daemons cannot have the same ring", "[billing]") {
    Shop shop;
    test::TempFolder folder;
    storage::Options options;
    options.path = folder.file("other.db");
    auto database = must(storage::Database::open(options));
    auto second = billing::Books::open(*database, shop.books_options);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::conflict);
}

TEST_CASE("a ring larger than the store's queue is refused", "[billing]") {
    storage::WriterOptions writer;
    writer.calls_max = 100;
    test::TempFolder folder;
    storage::Options options;
    options.path = folder.file("o.db");
    options.writer = writer;
    auto database = must(storage::Database::open(options));
    billing::BooksOptions books;
    books.ring_path = folder.file("ring");
    books.ring_slots = 101;
    auto opened = billing::Books::open(*database, books);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::config_invalid);
    books.ring_slots = 0;
    CHECK_FALSE(billing::Books::open(*database, books));
}
