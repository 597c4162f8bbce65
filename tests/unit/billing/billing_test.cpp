#include "daemon/billing/billing.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using test::must;
using test::Shop;

namespace {

loop::Task<void> pay(loop::Loop& loop, billing::Billing& billing, billing::Hold& hold,
                     storage::Call call, Result<Money>& answer) {
    auto mine = std::move(hold);
    answer = co_await billing.settle(std::move(mine), std::move(call));
    loop.stop();  // which would wait for the sweeper
}

Result<Money> pay_on(loop::Loop& loop, billing::Billing& billing, billing::Hold hold,
                     storage::Call call) {
    Result<Money> answer;
    loop::spawn(loop, pay(loop, billing, hold, std::move(call), answer), "pay");
    loop.run();
    return answer;
}

}  // namespace

TEST_CASE("settling answers what was charged, as durable as the setting says", "[billing]") {
    for (auto durability : {billing::Durability::process, billing::Durability::power}) {
        storage::WriterOptions writer;
        writer.commit_window = std::chrono::hours(1);
        Shop shop(writer);
        shop.topup(shop.team, 100);
        shop.till.reset();
        shop.close();
        shop.books_options.durability = durability;
        shop.database = must(storage::Database::open(shop.store));
        shop.books = must(billing::Books::open(*shop.database, shop.books_options));
        loop::Loop loop(0);
        billing::Billing billing(*shop.books, 0, loop);
        auto hold = must(billing.reserve(shop.ask(60, shop.team)));
        auto paid = pay_on(loop, billing, std::move(hold), shop.call(25, shop.team));
        REQUIRE(paid);
        CHECK(*paid == Money::nanos(25));
        // Nobody closes the window for "process"; "power" has waited for the commit.
        bool stored = durability == billing::Durability::power;
        CHECK(shop.rows().size() == (stored ? 1 : 0));
        shop.database->writer().stop();
        CHECK(shop.rows().size() == 1);
    }
}

TEST_CASE("with durability power a stopped store is an error, and the call is in the ring",
          "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    shop.close();
    shop.books_options.durability = billing::Durability::power;
    shop.open();
    shop.till.reset();
    {
        loop::Loop loop(0);
        billing::Billing billing(*shop.books, 0, loop);
        auto hold = must(billing.reserve(shop.ask(60, shop.team)));
        shop.database->writer().stop();
        auto paid = pay_on(loop, billing, std::move(hold), shop.call(25, shop.team));
        REQUIRE_FALSE(paid);
        CHECK(paid.error().code == Code::unavailable);
    }
    shop.reopen();
    CHECK(shop.books->recovery().replayed == 1);
    CHECK(shop.rows().size() == 1);
    CHECK(shop.figures(shop.team).available == Money::nanos(75));
}
