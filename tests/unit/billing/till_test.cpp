#include "daemon/billing/till.hpp"

#include "tests/unit/billing/shop.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

using namespace obliv;
using billing::Hold;
using test::must;
using test::Shop;

namespace {
Money nanos(std::int64_t count) {
    return Money::nanos(count);
}
}  // namespace

TEST_CASE("a call is reserved at its bound and charged at its usage", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto hold = must(shop.reserve(60, shop.team, shop.token));
    CHECK(hold.open());
    CHECK(hold.priced());
    CHECK(hold.amount() == nanos(60));
    CHECK(shop.figures(shop.team).available == nanos(40));
    CHECK(shop.figures(shop.team).held == nanos(60));
    auto receipt = must(shop.pay(std::move(hold), 25, shop.team, shop.token));
    CHECK(receipt.cost == nanos(25));
    CHECK(shop.figures(shop.team).available == nanos(75));
    CHECK(shop.figures(shop.team).held == nanos(0));
    CHECK(shop.books->token_figures(shop.token)->spent == nanos(25));
    shop.flush();
    auto rows = shop.rows();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].id == receipt.id);
    CHECK(rows[0].held == nanos(60));
    CHECK(rows[0].cost == nanos(25));
    CHECK(rows[0].loss == nanos(0));
    CHECK(rows[0].price);
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a dropped hold gives everything back and stores nothing", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    {
        auto hold = must(shop.reserve(60, shop.team, shop.token));
        CHECK(shop.books->ring_used() == 1);
        Hold moved = std::move(hold);
        CHECK_FALSE(hold.open());
        CHECK(moved.open());
    }
    CHECK(shop.figures(shop.team).available == nanos(100));
    CHECK(shop.books->token_figures(shop.token)->held == nanos(0));
    CHECK(shop.books->ring_used() == 0);
    auto hold = must(shop.reserve(60, shop.team));
    hold.release();
    hold.release();
    CHECK(shop.figures(shop.team).available == nanos(100));
    shop.flush();
    CHECK(shop.rows().empty());
}

TEST_CASE("assigning over an open hold releases the old one", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto hold = must(shop.reserve(60, shop.team));
    hold = must(shop.reserve(30, shop.team));
    CHECK(shop.figures(shop.team).held == nanos(30));
    CHECK(shop.books->ring_used() == 1);
}

TEST_CASE("who cannot pay is told what is short, and nothing stays reserved", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto refused = shop.reserve(101, shop.team);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::quota_exhausted);
    CHECK(refused.error().message.find("account " + shop.team.text()) != std::string::npos);
    CHECK(refused.error().message.find("0.0000001 USD available") != std::string::npos);

    auto budgeted = shop.add_token("b", shop.team, nanos(10));
    refused = shop.reserve(11, shop.team, budgeted);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::quota_exhausted);
    CHECK(refused.error().message.find("budget") != std::string::npos);
    CHECK(shop.figures(shop.team).available == nanos(100));
    CHECK(shop.books->ring_used() == 0);
    CHECK(shop.reserve(10, shop.team, budgeted));
}

TEST_CASE("a credit account goes down to its limit", "[billing]") {
    Shop shop;
    auto hold = must(shop.reserve(50, shop.credit));
    CHECK_FALSE(shop.reserve(1, shop.credit));
    must(shop.pay(std::move(hold), 50, shop.credit));
    CHECK(shop.figures(shop.credit).available == nanos(-50));
    CHECK_FALSE(shop.reserve(1, shop.credit));
}

TEST_CASE("a call above its reservation takes what is left, the rest is a loss", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto budgeted = shop.add_token("b", shop.team, nanos(70));
    SECTION("the account has enough") {
        auto receipt = must(shop.pay(must(shop.reserve(10, shop.team)), 90, shop.team));
        CHECK(receipt.cost == nanos(90));
        CHECK(shop.figures(shop.team).available == nanos(10));
    }
    SECTION("the account has less") {
        auto receipt = must(shop.pay(must(shop.reserve(10, shop.team)), 130, shop.team));
        CHECK(receipt.cost == nanos(100));
        CHECK(shop.figures(shop.team).available == nanos(0));
        shop.flush();
        CHECK(shop.rows()[0].loss == nanos(30));
    }
    SECTION("the budget has less than the account") {
        auto hold = must(shop.reserve(10, shop.team, budgeted));
        auto receipt = must(shop.pay(std::move(hold), 90, shop.team, budgeted));
        CHECK(receipt.cost == nanos(70));
        CHECK(shop.figures(shop.team).available == nanos(30));
        CHECK(shop.figures(shop.team).held == nanos(0));
        CHECK(shop.books->token_figures(budgeted)->available == nanos(0));
    }
    shop.flush();
    CHECK(must(shop.books->verify()).ok());
    CHECK(shop.figures(shop.team).agree());
}

TEST_CASE("a hold is extended as far as the money goes, and what it does not need goes back",
          "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto hold = must(shop.reserve(60, shop.team));
    CHECK(hold.limited());
    auto tokens = hold.output_tokens();
    CHECK(shop.till->extend(hold, {"m"}, 30'000'000));
    auto first = hold.amount();
    CHECK(first > nanos(60));
    CHECK(hold.output_tokens() > tokens);
    while (shop.till->extend(hold, {"m"}, 30'000'000)) {
    }
    CHECK(hold.amount() == nanos(100));
    CHECK(shop.figures(shop.team).available == nanos(0));
    auto receipt = must(shop.pay(std::move(hold), 70, shop.team));
    CHECK(receipt.cost == nanos(70));
    CHECK(shop.figures(shop.team).available == nanos(30));
    shop.flush();
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a call that reached nobody is stored and costs nothing", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto call = shop.call(50, shop.team);
    call.source = llm::UsageSource::none;
    auto receipt = must(shop.till->charge(must(shop.reserve(60, shop.team)), storage::Call(call)));
    CHECK(receipt.cost == nanos(0));
    CHECK(shop.figures(shop.team).available == nanos(100));
    shop.flush();
    CHECK(shop.rows().size() == 1);
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("counts that no call can have are cut before they are charged", "[billing]") {
    Shop shop;
    auto call = shop.call(0, storage::admin_account);
    call.usage.output = INT64_MAX;
    call.usage.input = INT64_MIN;
    auto hold = must(shop.reserve(1, storage::admin_account));
    CHECK(must(shop.till->charge(std::move(hold), storage::Call(call))).cost ==
          nanos(1'000'000'000));
    shop.flush();
    CHECK(shop.rows()[0].usage.input == 0);
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a request id of any length is told apart when its call is replayed", "[billing]") {
    Shop shop;
    auto call = shop.call(5, storage::admin_account);
    call.request_id = std::string(63, 'r') + "é and a lot more";
    call.user_agent = std::string(500, 'u');
    call.error = "upstream_timeout";
    must(shop.till->charge(must(shop.reserve(5, storage::admin_account)), storage::Call(call)));
    // The ring as a kill between the commit and the freeing of the slot leaves it.
    auto ring = shop.books_options.ring_path;
    std::filesystem::copy_file(ring, ring + ".kill");
    shop.flush();
    CHECK(shop.rows()[0].request_id == std::string(63, 'r'));
    CHECK(shop.rows()[0].user_agent.size() == 96);
    CHECK(shop.rows()[0].error == "upstream_timeout");
    shop.close();
    std::filesystem::rename(ring + ".kill", ring);
    shop.open();
    CHECK(shop.books->recovery().replayed == 1);
    CHECK(shop.rows().size() == 1);
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("the asked model's price counts, else that of the model that served", "[billing]") {
    Shop shop;
    auto cheap = test::nano_price("cheap");
    auto dear = test::nano_price("dear");
    dear.price.output = Money::nanos(3'000'000);
    must(shop.write([&](storage::Session& s) -> Result<void> {
        must(s.prices().append(cheap));
        must(s.prices().append(dear));
        return ok();
    }));
    must(shop.books->refresh_prices());
    shop.topup(shop.team, 1000);
    const std::string served[] = {"cheap", "dear"};
    auto ask = shop.ask(10, shop.team);
    ask.served = served;
    CHECK(must(shop.till->reserve(ask)).amount() == nanos(10));
    ask.model = "alias";
    auto hold = must(shop.till->reserve(ask));
    CHECK(hold.amount() == nanos(30));
    auto pay = [&](Hold given, const std::string& model) {
        auto call = shop.call(10, shop.team);
        call.model_served = model;
        return must(shop.till->charge(std::move(given), storage::Call(call))).cost;
    };
    CHECK(pay(std::move(hold), "cheap") == nanos(10));
    CHECK(pay(must(shop.till->reserve(ask)), "dear") == nanos(30));
    // A model that was not among the candidates is never free.
    CHECK(pay(must(shop.till->reserve(ask)), "surprise") == nanos(30));
    shop.flush();
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a call is charged at the price that is meant for it most closely", "[billing]") {
    Shop shop;
    auto set = [&](std::int64_t nano, ChannelId channel, std::string variant) {
        auto row = test::nano_price("drawn");
        row.price.output = Money::nanos(nano * 1'000'000);
        row.price.batch_millionths = 500'000;
        row.channel = channel;
        row.variant = std::move(variant);
        must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
    };
    set(2, {}, "");
    set(3, {}, "hd");
    set(5, ChannelId{7}, "");
    set(11, ChannelId{7}, "1024x1024/hd");
    must(shop.books->refresh_prices());
    shop.topup(shop.team, 100'000);
    const std::vector<ChannelId> both{ChannelId{1}, ChannelId{7}};
    const std::vector<ChannelId> one{ChannelId{1}};
    auto reserve = [&](std::span<const ChannelId> channels, std::string_view variant) {
        auto ask = shop.ask(10, shop.team);
        ask.model = "drawn";
        ask.channels = channels;
        ask.variant = variant;
        return must(shop.till->reserve(ask));
    };
    CHECK(reserve(one, "").amount() == nanos(20));
    CHECK(reserve(one, "1024x1024/hd").amount() == nanos(30));
    CHECK(reserve(both, "").amount() == nanos(50));
    CHECK(reserve(both, "1024x1024/hd").amount() == nanos(110));
    CHECK(reserve({}, "").amount() == nanos(50));

    auto source = llm::UsageSource::provider;
    auto share = billing::whole_price;
    auto pay = [&](std::int64_t channel, std::string_view variant) {
        auto hold = reserve(both, variant);
        auto call = shop.call(10, shop.team);
        call.model = call.model_served = "drawn";
        call.channel = ChannelId{channel};
        call.source = source;
        return must(shop.till->charge(std::move(hold), storage::Call(call), share)).cost;
    };
    CHECK(pay(1, "") == nanos(20));
    CHECK(pay(7, "") == nanos(50));
    CHECK(pay(1, "1024x1024/hd") == nanos(30));
    CHECK(pay(7, "1024x1024/hd") == nanos(110));
    source = llm::UsageSource::batch;
    CHECK(pay(7, "1024x1024/hd") == nanos(55));
    share = 100'000;
    CHECK(pay(7, "1024x1024/hd") == nanos(6));  // 5.5, half up
    shop.flush();
    CHECK(shop.rows().size() == 6);
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a model with prices for some channels only has none for the others", "[billing]") {
    Shop shop;
    auto row = test::nano_price("m");
    row.channel = ChannelId{7};
    must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
    must(shop.books->refresh_prices());
    shop.topup(shop.team, 100'000);
    auto ask = shop.ask(10, shop.team);
    ask.model = "m";
    std::vector<ChannelId> channels{ChannelId{7}};
    ask.channels = channels;
    CHECK(must(shop.till->reserve(ask)).amount() == nanos(10));
    channels.push_back(ChannelId{8});
    ask.channels = channels;
    CHECK(shop.till->reserve(ask).error().code == Code::forbidden);
    // The model that serves there has one: the dearer of both is set aside.
    const std::vector<std::string> served{"asked"};
    ask.served = served;
    auto hold = must(shop.till->reserve(ask));
    CHECK(hold.amount() == nanos(10));
    auto call = shop.call(4, shop.team);
    call.model = "m";
    call.model_served = "asked";
    call.channel = ChannelId{8};
    CHECK(must(shop.till->charge(std::move(hold), storage::Call(call))).cost == nanos(4));
    shop.flush();
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("what is set aside is by the dearest tier that the call may reach", "[billing]") {
    Shop shop;
    auto row = test::nano_price("m");
    row.price.input = Money::nanos(1'000'000);
    auto& tier = row.price.tiers.emplace_back();
    tier.above = 100;
    tier.prices.input = Money::nanos(2'000'000);
    tier.prices.output = Money::nanos(3'000'000);
    must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
    must(shop.books->refresh_prices());
    shop.topup(shop.team, 100'000);
    auto ask = shop.ask(10, shop.team);
    ask.model = "m";
    ask.at_most.input = 100;
    CHECK(must(shop.till->reserve(ask)).amount() == nanos(110));
    ask.at_most.input = 101;
    CHECK(must(shop.till->reserve(ask)).amount() == nanos(232));

    ask.at_most.input = 100;
    auto hold = must(shop.till->reserve(ask));
    CHECK(shop.till->extend(hold, {"m"}, 5));
    CHECK(hold.amount() == nanos(115));
    // One token more, and every one of them costs more.
    CHECK(shop.till->extend_input(hold, {"m"}, 1));
    CHECK(hold.amount() == nanos(202 + 45));
    CHECK(shop.till->extend(hold, {"m"}, 1));
    CHECK(hold.amount() == nanos(202 + 48));
    auto call = shop.call(16, shop.team);
    call.model = call.model_served = "m";
    call.usage.input = 1;
    call.usage.cache_read = 100;  // of whatever kind: it is as long
    CHECK(must(shop.till->charge(std::move(hold), storage::Call(call))).cost == nanos(202 + 48));
    // The sums of a batch are no long call.
    hold = must(shop.till->reserve(ask));
    call.request_id = "batch";
    call.source = llm::UsageSource::batch;
    CHECK(must(shop.till->charge(std::move(hold), storage::Call(call))).cost == nanos(101 + 16));
    shop.flush();
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a group pays its part of every price, and the row says which", "[billing]") {
    Shop shop;
    shop.books->set_group_shares({{"default", 1'500'000}});
    must(shop.books->refresh_tokens());
    shop.topup(shop.team, 1000);
    auto hold = must(shop.till->reserve(shop.ask(10, shop.team, shop.token)));
    CHECK(hold.amount() == nanos(15));
    CHECK(must(shop.till->charge(std::move(hold), shop.call(7, shop.team, shop.token))).cost ==
          nanos(11));
    shop.books->set_group_shares({});
    must(shop.books->refresh_tokens());
    hold = must(shop.till->reserve(shop.ask(10, shop.team, shop.token)));
    CHECK(must(shop.till->charge(std::move(hold), shop.call(7, shop.team, shop.token))).cost ==
          nanos(7));
    shop.flush();
    auto rows = shop.rows();
    REQUIRE(rows.size() == 2);
    std::vector<std::int64_t> shares{rows[0].share, rows[1].share};
    std::sort(shares.begin(), shares.end());
    CHECK(shares == std::vector<std::int64_t>{1'000'000, 1'500'000});
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a model without a price follows the rule", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto budgeted = shop.add_token("b", storage::admin_account, nanos(10));
    auto ask = [&](AccountId account, TokenId token) {
        auto made = shop.ask(10, account, token);
        made.model = "unknown";
        return shop.till->reserve(made);
    };
    auto rule = [&](billing::Unpriced unpriced) {
        shop.books_options.unpriced = unpriced;
        shop.reopen();
    };
    auto admin = storage::admin_account;
    SECTION("by account") {
        CHECK(ask(admin, {}));
        CHECK(ask(shop.team, {}).error().code == Code::forbidden);
        CHECK(ask(shop.credit, {}).error().code == Code::forbidden);
        CHECK(ask(admin, budgeted).error().code == Code::forbidden);
        auto hold = must(ask(admin, {}));
        CHECK_FALSE(hold.priced());
        auto call = shop.call(10, admin);
        call.model = "unknown";
        CHECK(must(shop.till->charge(std::move(hold), storage::Call(call))).cost == nanos(0));
        shop.flush();
        CHECK_FALSE(shop.rows()[0].price);
        CHECK(must(shop.books->verify()).ok());
        // One candidate without a price is enough: it may be the one that serves.
        const std::string served[] = {"asked", "unknown"};
        auto mixed = shop.ask(10, shop.team);
        mixed.model = "alias";
        mixed.served = served;
        CHECK(shop.till->reserve(mixed).error().message.find("unknown") != std::string::npos);
    }
    SECTION("free") {
        rule(billing::Unpriced::free);
        CHECK(ask(shop.team, {}));
        CHECK(ask(admin, budgeted));
    }
    SECTION("refuse") {
        rule(billing::Unpriced::refuse);
        CHECK_FALSE(ask(admin, {}));
    }
}

TEST_CASE("what cannot be asked is refused in words", "[billing]") {
    Shop shop;
    CHECK(shop.reserve(-1, shop.team).error().code == Code::invalid_request);
    CHECK(shop.reserve(1, AccountId{999}).error().code == Code::forbidden);
    CHECK(shop.reserve(1, storage::revenue_account).error().code == Code::forbidden);
}

TEST_CASE("a price that is out of all proportion is refused, not overflowed", "[billing]") {
    Shop shop;
    auto row = test::nano_price("absurd");
    row.price.output = Money::max();
    must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
    must(shop.books->refresh_prices());
    auto ask = shop.ask(INT64_MAX, storage::admin_account);
    ask.model = "absurd";
    auto refused = shop.till->reserve(ask);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::quota_exhausted);
    CHECK(shop.books->ring_used() == 0);
}

TEST_CASE("a full ring refuses and gives the money back", "[billing]") {
    Shop shop({}, 2);
    shop.topup(shop.team, 100);
    auto one = must(shop.reserve(10, shop.team, shop.token));
    auto two = must(shop.reserve(10, shop.team, shop.token));
    auto refused = shop.reserve(10, shop.team, shop.token);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::overloaded);
    CHECK(shop.figures(shop.team).held == nanos(20));
    CHECK(shop.books->token_figures(shop.token)->held == nanos(20));
    must(shop.pay(std::move(one), 10, shop.team));
    shop.flush();
    CHECK(shop.reserve(10, shop.team));
}

TEST_CASE("a failing disk refuses new calls and keeps the settled ones", "[billing]") {
    auto on = std::make_shared<std::atomic<bool>>(false);
    storage::WriterOptions writer;
    writer.retry_first = writer.retry_last = std::chrono::milliseconds(1);
    writer.fault = [on](storage::WriteStep step) -> Result<void> {
        if (*on && step == storage::WriteStep::commit)
            return fail(Code::io, "no space");
        return ok();
    };
    Shop shop(writer);
    shop.topup(shop.team, 100);
    auto first = must(shop.reserve(10, shop.team));
    auto second = must(shop.reserve(10, shop.team));
    *on = true;
    must(shop.pay(std::move(first), 10, shop.team));
    CHECK_FALSE(shop.write([](storage::Session&) { return ok(); }));
    auto refused = shop.reserve(10, shop.team);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::unavailable);
    // What runs already may end.
    CHECK(shop.pay(std::move(second), 10, shop.team));
    auto late = shop.books->topup(shop.team, nanos(5), "op", "");
    CHECK_FALSE(late);
    CHECK(shop.figures(shop.team).granted == nanos(100));
    SECTION("the disk comes back") {
        *on = false;
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!shop.database->writer().accepting() && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        shop.flush();
    }
    SECTION("the program ends first") {
        shop.close();
        *on = false;
        shop.open();
        CHECK(shop.books->recovery().replayed == 2);
    }
    CHECK(shop.rows().size() == 2);
    CHECK(shop.figures(shop.team).available == nanos(80));
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("threads with tills of their own never overspend an account or a budget", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 500);
    auto budgeted = shop.add_token("b", shop.team, nanos(300));
    shop.till.reset();
    shop.close();
    shop.books_options.loops = 4;
    shop.books_options.ring_slots = 4096;
    shop.open();
    std::vector<std::unique_ptr<billing::Till>> tills;
    for (unsigned i = 0; i < 4; ++i)
        tills.push_back(std::make_unique<billing::Till>(*shop.books, i));
    std::atomic<std::int64_t> paid{0};
    std::vector<std::thread> loops;
    for (unsigned i = 0; i < 4; ++i)
        loops.emplace_back([&, i] {
            Random random(i + 1);
            auto call = test::sample_call(0, shop.team);
            call.token = budgeted;
            for (int n = 0; n < 400; ++n) {
                call.request_id = std::to_string(i) + "." + std::to_string(n);
                auto hold = tills[i]->reserve(shop.ask(3, shop.team, budgeted));
                if (!hold || random.below(3) == 0)
                    continue;
                call.usage.output = static_cast<std::int64_t>(random.below(6));
                auto receipt = tills[i]->charge(std::move(*hold), storage::Call(call));
                paid += receipt->cost.nanos();
            }
        });
    for (auto& loop : loops)
        loop.join();
    shop.flush();
    CHECK(paid <= 300);
    CHECK(paid > 250);
    CHECK(shop.figures(shop.team).available == nanos(500 - paid));
    CHECK(shop.books->token_figures(budgeted)->spent == nanos(paid));
    CHECK(must(shop.books->verify()).ok());
    shop.database->writer().stop();
    tills.clear();
    shop.reopen();
    CHECK(shop.figures(shop.team).available == nanos(500 - paid));
    CHECK(shop.books->token_figures(budgeted)->spent == nanos(paid));
}
