#include "daemon/billing/period_budget.hpp"

#include "core/base/time_format.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace obliv;
using namespace std::chrono_literals;
using ledger::PeriodKind;
using storage::Budget;
using storage::BudgetScope;
using test::must;

namespace {

/// A shop whose clock stands, at midnight of 1 January 2026 at first.
struct Dated {
    test::FakeClock clock;
    test::Shop shop;

    Dated() {
        shop.books_options.clock = &clock;
        shop.reopen();
        shop.topup(shop.team, 1'000'000);
    }
    storage::BudgetId add(BudgetScope scope, std::int64_t subject, std::int64_t amount,
                          PeriodKind period = PeriodKind::day, std::string model = {}) {
        Budget row;
        row.tenant = storage::first_tenant;
        row.scope = scope;
        row.subject = subject;
        row.model = std::move(model);
        row.period = period;
        row.amount = Money::nanos(amount);
        auto id = must(shop.write([&](storage::Session& s) { return s.budgets().insert(row); }));
        must(shop.books->refresh_tokens());
        return id;
    }
    Result<billing::Hold> reserve(std::int64_t nanos) {
        return shop.reserve(nanos, shop.team, shop.token);
    }
    void pay(billing::Hold hold, std::int64_t nanos) {
        auto call = shop.call(nanos, shop.team, shop.token);
        call.time = clock.wall();
        call.user = storage::first_user;
        must(shop.till->charge(std::move(hold), std::move(call)));
    }
    void spend(std::int64_t nanos) { pay(must(reserve(nanos)), nanos); }
    ledger::BalanceFigures figures(storage::BudgetId id) {
        return shop.books->budget(id)->at(clock.wall())->balance.figures();
    }
    std::int64_t left(storage::BudgetId id) { return figures(id).available.nanos(); }
};

}  // namespace

TEST_CASE("a call counts in every budget that it is meant by", "[billing]") {
    Dated it;
    auto token = it.add(BudgetScope::token, it.shop.token.value, 100);
    auto user = it.add(BudgetScope::user, storage::first_user.value, 200, PeriodKind::month);
    auto account = it.add(BudgetScope::account, it.shop.team.value, 300);
    auto everyone = it.add(BudgetScope::everyone, 0, 400, PeriodKind::day, "ask*");
    auto other_model = it.add(BudgetScope::everyone, 0, 500, PeriodKind::day, "other");
    auto other_token = it.add(BudgetScope::token, 999, 600);
    auto hold = must(it.reserve(60));
    CHECK(it.figures(token).held == Money::nanos(60));
    it.pay(std::move(hold), 25);
    CHECK(it.left(token) == 75);
    CHECK(it.left(user) == 175);
    CHECK(it.left(account) == 275);
    CHECK(it.left(everyone) == 375);
    CHECK(it.left(other_model) == 500);
    CHECK(it.left(other_token) == 600);
    must(it.reserve(70)).release();
    CHECK(it.left(token) == 75);
    CHECK(it.figures(everyone).agree());
}

TEST_CASE("a budget counts a call by the name in its row, now and after a restart", "[billing]") {
    Dated it;
    auto named = it.add(BudgetScope::everyone, 0, 400, PeriodKind::day, "asked-high");
    auto paid = it.add(BudgetScope::everyone, 0, 500, PeriodKind::day, "asked");
    auto ask = it.shop.ask(60, it.shop.team, it.shop.token);
    ask.asked = "asked-high";
    auto hold = must(it.shop.till->reserve(ask));
    auto call = it.shop.call(25, it.shop.team, it.shop.token);
    call.model = "asked-high";
    call.time = it.clock.wall();
    must(it.shop.till->charge(std::move(hold), std::move(call)));
    for (int restart = 0; restart < 2; ++restart) {
        CHECK(it.left(named) == 375);
        CHECK(it.left(paid) == 500);
        it.shop.reopen();
    }
}

TEST_CASE("who is short of a budget is told which and until when, and nothing is set aside",
          "[billing]") {
    Dated it;
    auto wide = it.add(BudgetScope::everyone, 0, 1000);
    it.add(BudgetScope::token, it.shop.token.value, 50, PeriodKind::day, "asked");
    auto hold = it.reserve(51);
    REQUIRE_FALSE(hold);
    CHECK(hold.error().code == Code::quota_exhausted);
    CHECK(hold.error().message.find("the daily budget of token " + it.shop.token.text() +
                                    " for asked") != std::string::npos);
    CHECK(hold.error().message.find("2026-01-02T00:00:00.000Z") != std::string::npos);
    CHECK(hold.error().retry_after == 24h);
    CHECK(it.left(wide) == 1000);
    CHECK(it.shop.figures(it.shop.team).held == Money{});
    CHECK(it.shop.books->token_figures(it.shop.token)->held == Money{});
    CHECK(it.shop.books->ring_used() == 0);
}

TEST_CASE("a period begins anew at its moment, and a call stays with its own", "[billing]") {
    Dated it;
    auto day = it.add(BudgetScope::token, it.shop.token.value, 100);
    auto month = it.add(BudgetScope::account, it.shop.team.value, 150, PeriodKind::month);
    it.clock.advance(24h - 1ns);
    auto late = must(it.reserve(90));
    CHECK_FALSE(it.reserve(20));
    it.clock.advance(1ns);
    CHECK(it.left(day) == 100);
    it.pay(std::move(late), 80);
    CHECK(it.left(day) == 100);
    CHECK(it.left(month) == 70);
    it.spend(60);
    CHECK(it.left(day) == 40);
    CHECK_FALSE(it.reserve(11));
    it.clock.advance(30 * 24h);
    CHECK(it.left(month) == 150);
}

TEST_CASE("a restart counts what the period's calls have cost", "[billing]") {
    Dated it;
    it.spend(7);  // before there is a budget
    it.shop.flush();
    auto day = it.add(BudgetScope::token, it.shop.token.value, 100);
    auto model =
        it.add(BudgetScope::user, storage::first_user.value, 100, PeriodKind::month, "/^as/");
    CHECK(it.left(day) == 93);
    it.spend(20);
    it.clock.advance(25h);
    it.spend(5);
    CHECK(it.left(day) == 95);
    CHECK(it.left(model) == 68);
    it.shop.reopen();
    CHECK(it.left(day) == 95);
    CHECK(it.left(model) == 68);
    it.shop.reopen();
    CHECK(it.left(day) == 95);
}

TEST_CASE("what was spent long ago is not looked at", "[billing]") {
    Dated it;
    for (int i = 0; i < 200; ++i) {
        it.spend(1);
        it.shop.flush();  // the ring is small
        it.clock.advance(10min);
    }
    it.shop.flush();
    // 200 calls in 33 hours and 20 minutes: 56 of them on the second day.
    auto day = it.add(BudgetScope::token, it.shop.token.value, 1000);
    CHECK(it.left(day) == 1000 - 56);
    auto month = it.add(BudgetScope::token, it.shop.token.value, 1000, PeriodKind::month);
    CHECK(it.left(month) == 800);
}

TEST_CASE("an amount changes at once, and a removed budget limits nobody", "[billing]") {
    Dated it;
    auto day = it.add(BudgetScope::token, it.shop.token.value, 100);
    it.spend(80);
    must(it.shop.write(
        [&](storage::Session& s) { return s.budgets().set_amount(day, Money::nanos(60)); }));
    must(it.shop.books->refresh_tokens());
    CHECK(it.left(day) == -20);
    CHECK_FALSE(it.reserve(1));
    must(it.shop.write([&](storage::Session& s) { return s.budgets().remove(day); }));
    must(it.shop.books->refresh_tokens());
    CHECK(it.reserve(500));
    CHECK(it.shop.books->budget(day) == nullptr);
}

TEST_CASE("a changed row goes on counting only where it counts the same calls", "[billing]") {
    test::FakeClock clock;
    Budget row;
    row.id = storage::BudgetId{1};
    row.scope = BudgetScope::token;
    row.subject = 7;
    row.model = "a*";
    row.amount = Money::nanos(100);
    billing::PeriodBudget budget(row, "UTC", TimeZone::utc(), clock.wall(), Money::nanos(30));
    REQUIRE(budget.at(clock.wall())->balance.reserve(Money::nanos(20)));
    auto refuses = [&](auto change) {
        auto other = row;
        other.amount = Money::nanos(999);
        change(other);
        return !budget.take_over(other, "UTC");
    };
    CHECK(refuses([](Budget& other) { other.id = storage::BudgetId{2}; }));
    CHECK(refuses([](Budget& other) { other.scope = BudgetScope::user; }));
    CHECK(refuses([](Budget& other) { other.subject = 8; }));
    CHECK(refuses([](Budget& other) { other.model = "b*"; }));
    CHECK(refuses([](Budget& other) { other.period = PeriodKind::month; }));
    CHECK_FALSE(budget.take_over(row, "Europe/Berlin"));
    CHECK(budget.at(clock.wall())->balance.figures().available == Money::nanos(50));
    // Only the amount: what is held and spent stays, and so it is in the periods to come.
    row.amount = Money::nanos(60);
    CHECK(budget.take_over(row, "UTC"));
    auto now = budget.at(clock.wall())->balance.figures();
    CHECK(now.available == Money::nanos(10));
    CHECK(now.held == Money::nanos(20));
    CHECK(now.spent == Money::nanos(30));
    clock.advance(24h);
    CHECK(budget.at(clock.wall())->balance.figures().available == Money::nanos(60));
}

TEST_CASE("a budget in place of a removed one does not inherit what that has spent", "[billing]") {
    Dated it;
    auto day = it.add(BudgetScope::token, it.shop.token.value, 100);
    auto held = must(it.reserve(40));
    must(it.shop.write([&](storage::Session& s) { return s.budgets().remove(day); }));
    // Nobody has heard of the removal when the next one is there, perhaps under the same number.
    auto other = it.add(BudgetScope::token, it.shop.token.value, 100, PeriodKind::month);
    CHECK(it.left(other) == 100);
    it.pay(std::move(held), 40);
    CHECK(it.left(other) == 100);
    it.spend(5);
    CHECK(it.left(other) == 95);
}

TEST_CASE("a token that comes later counts in the budgets that mean it", "[billing]") {
    Dated it;
    auto everyone = it.add(BudgetScope::everyone, 0, 400);
    auto own = it.add(BudgetScope::token, it.shop.token.value + 1, 100);
    it.shop.token = it.shop.add_token("later", it.shop.team, std::nullopt);
    it.spend(30);
    CHECK(it.left(own) == 70);
    CHECK(it.left(everyone) == 370);
    // Its days begin by the clocks of whoever pays for it now.
    must(it.shop.write([&](storage::Session& s) -> Result<void> {
        auto account = must(s.accounts().get(it.shop.credit));
        account.time_zone = "America/New_York";
        if (auto done = s.accounts().update(account); !done)
            return done;
        auto token = must(s.tokens().get(it.shop.token));
        token.account = it.shop.credit;
        return s.tokens().update(token);
    }));
    it.shop.flush();
    must(it.shop.books->refresh_token(it.shop.token));
    auto period = it.shop.books->budget(own)->at(it.clock.wall());
    CHECK(rfc3339(period->when.begin) == "2025-12-31T05:00:00.000Z");
}

TEST_CASE("days go by the clocks of the account", "[billing]") {
    bool alone = GENERATE(false, true);
    Dated it;
    auto day = it.add(BudgetScope::token, it.shop.token.value, 100);
    it.spend(30);
    must(it.shop.write([&](storage::Session& s) -> Result<void> {
        auto account = must(s.accounts().get(it.shop.team));
        account.time_zone = "America/New_York";
        return s.accounts().update(account);
    }));
    it.shop.flush();
    must(alone ? it.shop.books->refresh_account(it.shop.team) : it.shop.books->refresh_accounts());
    auto period = it.shop.books->budget(day)->at(it.clock.wall());
    CHECK(rfc3339(period->when.begin) == "2025-12-31T05:00:00.000Z");
    CHECK(rfc3339(period->when.end) == "2026-01-01T05:00:00.000Z");
    CHECK(it.left(day) == 70);
    it.clock.advance(5h);
    CHECK(it.left(day) == 100);
}

TEST_CASE("a stream that goes on takes no more than every budget has", "[billing]") {
    Dated it;
    auto wide = it.add(BudgetScope::everyone, 0, 1000);
    auto narrow = it.add(BudgetScope::token, it.shop.token.value, 50);
    auto hold = must(it.reserve(40));
    CHECK(hold.limited());
    CHECK(it.shop.till->extend(hold, {"asked"}, 30));
    CHECK(hold.amount() == Money::nanos(50));
    CHECK(it.left(narrow) == 0);
    CHECK(it.left(wide) == 950);
    CHECK(it.shop.figures(it.shop.team).held == Money::nanos(50));
    CHECK(it.shop.books->token_figures(it.shop.token)->held == Money::nanos(50));
    // More than all: the budget pays what it has, the rest is a loss.
    it.pay(std::move(hold), 80);
    CHECK(it.left(narrow) == 0);
    CHECK(it.left(wide) == 950);
    CHECK(it.shop.figures(it.shop.team).spent == Money::nanos(50));
}

TEST_CASE("however many race, no budget is overdrawn", "[billing]") {
    test::FakeClock clock;
    Budget row;
    row.id = storage::BudgetId{1};
    row.amount = Money::nanos(1000);
    auto first =
        std::make_shared<billing::PeriodBudget>(row, "UTC", TimeZone::utc(), clock.wall(), Money{});
    row.id = storage::BudgetId{2};
    row.amount = Money::nanos(700);
    auto second =
        std::make_shared<billing::PeriodBudget>(row, "UTC", TimeZone::utc(), clock.wall(), Money{});
    billing::PeriodBudgets budgets{first, second};
    std::atomic<std::int64_t> spent{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            Random random(static_cast<std::uint64_t>(t));
            for (int i = 0; i < 2000; ++i) {
                std::shared_ptr<billing::BudgetPeriod> short_one;
                auto amount = Money::nanos(static_cast<std::int64_t>(random.below(9)));
                auto held =
                    billing::HeldPeriods::reserve(budgets, "m", amount, clock.wall(), short_one);
                if (!held)
                    continue;
                if (random.below(2) == 0) {
                    held->release(amount);
                } else {
                    held->settle(amount, amount);
                    spent += amount.nanos();
                }
            }
        });
    for (auto& thread : threads)
        thread.join();
    auto left = first->at(clock.wall())->balance.figures();
    auto least = second->at(clock.wall())->balance.figures();
    CHECK(left.held == Money{});
    CHECK(least.held == Money{});
    CHECK(left.spent.nanos() == spent);
    CHECK(least.spent.nanos() == spent);
    CHECK(least.available >= Money{});
    CHECK(spent > 600);
}
