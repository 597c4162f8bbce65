// What a call may cost by whoever may serve it, whatever it may make.
#include "daemon/billing/till.hpp"

#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using billing::Hold;
using test::must;
using test::Shop;

namespace {
Money nanos(std::int64_t count) {
    return Money::nanos(count);
}
}  // namespace

TEST_CASE("what others may cost who serve a call instead is set aside, or nothing changes",
          "[billing]") {
    Shop shop;
    auto dear = test::nano_price("dear");
    dear.price.output = Money::nanos(3'000'000);
    must(shop.write([&](storage::Session& s) { return s.prices().append(dear); }));
    must(shop.books->refresh_prices());
    const std::vector<std::string> first{"asked"};
    const std::vector<std::string> others{"asked", "dear"};
    const std::vector<std::string> unknown{"unknown"};
    TokenId token;
    auto ask = [&](std::span<const std::string> served) {
        auto made = shop.ask(30, shop.team, token);
        made.model = "alias";
        made.served = served;
        return made;
    };
    auto pay = [&](Hold hold, const char* served) {
        auto call = shop.call(30, shop.team, token);
        call.model = "alias";
        call.model_served = served;
        return must(shop.till->charge(std::move(hold), storage::Call(call))).cost;
    };
    SECTION("the money is there") {
        shop.topup(shop.team, 90);
        auto hold = must(shop.till->reserve(ask(first)));
        CHECK(hold.amount() == nanos(30));
        must(shop.till->cover(hold, ask(others)));
        CHECK(hold.amount() == nanos(90));
        CHECK(shop.figures(shop.team).available == nanos(0));
        // What has been set aside already is enough for who costs less.
        must(shop.till->cover(hold, ask(first)));
        CHECK(hold.amount() == nanos(90));
        CHECK(pay(std::move(hold), "dear") == nanos(90));
    }
    SECTION("the account has less") {
        shop.topup(shop.team, 89);
        auto hold = must(shop.till->reserve(ask(first)));
        auto refused = shop.till->cover(hold, ask(others));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Code::quota_exhausted);
        CHECK(refused.error().message.find("0.00000009 USD") != std::string::npos);
        CHECK(hold.amount() == nanos(30));
        CHECK(shop.figures(shop.team).available == nanos(59));
        CHECK(pay(std::move(hold), "asked") == nanos(30));
    }
    SECTION("the token's budget has less") {
        token = shop.add_token("b", shop.team, nanos(60));
        shop.topup(shop.team, 100);
        auto hold = must(shop.till->reserve(ask(first)));
        CHECK_FALSE(shop.till->cover(hold, ask(others)));
        CHECK(shop.figures(shop.team).available == nanos(70));
        CHECK(shop.books->token_figures(token)->available == nanos(30));
    }
    SECTION("who pays may not be served without a price") {
        shop.topup(shop.team, 100);
        auto hold = must(shop.till->reserve(ask(first)));
        CHECK(shop.till->cover(hold, ask(unknown)).error().code == Code::forbidden);
        CHECK(hold.priced());
        CHECK(pay(std::move(hold), "asked") == nanos(30));
    }
    CHECK(shop.figures(shop.team).held == nanos(0));
    CHECK(shop.figures(shop.team).agree());
    shop.flush();
    for (const auto& row : shop.rows())
        CHECK(row.loss == nanos(0));
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("an image that nobody has named costs the dearest that it may be", "[billing]") {
    Shop shop;
    auto set = [&](std::int64_t nano, std::string variant) {
        auto row = test::nano_price("drawn");
        row.price.output = {};
        row.price.per_image = Money::nanos(nano * 1'000'000);
        row.variant = std::move(variant);
        must(shop.write([&](storage::Session& s) { return s.prices().append(row); }));
    };
    bool has_plain = GENERATE(true, false);
    if (has_plain)
        set(4, "");
    set(8, "hd");
    set(9, "1024x1792");
    set(12, "1024x1792/hd");
    set(7, "1792x1024");
    must(shop.books->refresh_prices());
    shop.topup(shop.team, 100'000);
    auto ask = shop.ask(0, shop.team);
    ask.model = "drawn";
    ask.at_most.images = 1;
    const std::vector<ChannelId> channels{ChannelId{1}};
    ask.channels = channels;
    auto pay = [&](std::string_view asked, std::string made) {
        ask.variant = asked;
        auto hold = must(shop.till->reserve(ask));
        auto most = hold.amount();
        hold.made(std::move(made));
        auto call = shop.call(0, shop.team);
        call.model = call.model_served = "drawn";
        call.channel = channels[0];
        call.usage = {};
        call.usage.images = 1;
        auto cost = must(shop.till->charge(std::move(hold), storage::Call(call))).cost;
        CHECK(cost <= most);
        return cost;
    };
    auto as_asked = [&](std::string_view asked) { return pay(asked, std::string(asked)); };
    CHECK(as_asked("/") == nanos(12));
    CHECK(as_asked("512x512/") == nanos(12));
    CHECK(as_asked("1024x1792/hd") == nanos(12));
    CHECK(as_asked("1024x1792/") == nanos(12));
    CHECK(as_asked("1024x1792/=standard") == nanos(9));
    CHECK(as_asked("1024x1792/ultra") == nanos(12));
    CHECK(as_asked("/hd") == nanos(12));
    CHECK(as_asked("1792x1024/=standard") == nanos(7));
    CHECK(as_asked("/=standard") == nanos(9));
    if (has_plain)
        CHECK(as_asked("=1024x1024/=standard") == nanos(4));
    // The reply says what it was.
    CHECK(pay("/", "1792x1024/=standard") == nanos(7));
    CHECK(pay("/", "1024x1792/hd") == nanos(12));
    shop.flush();
    for (const auto& row : shop.rows())
        CHECK(row.loss == nanos(0));
    CHECK(must(shop.books->verify()).ok());
}
