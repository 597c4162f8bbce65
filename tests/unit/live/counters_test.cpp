#include "daemon/live/counters.hpp"

#include "tests/support/calls.hpp"
#include "tests/support/fake_clock.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace obliv;
using namespace obliv::live;
using namespace obliv::test;
using namespace std::chrono_literals;

namespace {

storage::Appended call_of(std::string model, std::int64_t token = 1) {
    auto call = sample_call(1, AccountId{10}, {}, 3);
    call.model = std::move(model);
    call.token = TokenId{token};
    call.channel = ChannelId{4};
    call.duration_us = 20'000;
    return {std::move(call), 0};
}

void add(Counters& counters, const storage::Appended& call, int times = 1) {
    for (int i = 0; i < times; ++i)
        counters.add(std::span(&call, 1));
}

std::int64_t requests(const Counters& counters, Window window) {
    return counters.view(window, 10).total.requests;
}

const std::vector<Row>& rows(const WindowView& view, By by) {
    return view.rows[static_cast<std::size_t>(by)];
}

}  // namespace

TEST_CASE("a call is seen at once, and in each window as long as the window", "[live]") {
    FakeClock clock;
    Counters counters(clock);
    add(counters, call_of("m"), 3);
    CHECK(requests(counters, Window::second) == 0);
    CHECK(requests(counters, Window::five_minutes) == 3);
    CHECK(requests(counters, Window::day) == 3);
    clock.advance(1s);
    CHECK(requests(counters, Window::second) == 3);
    add(counters, call_of("m"));
    CHECK(requests(counters, Window::second) == 3);
    CHECK(requests(counters, Window::five_minutes) == 4);
    clock.advance(1s);
    CHECK(requests(counters, Window::second) == 1);
    clock.advance(1s);
    CHECK(requests(counters, Window::second) == 0);
    clock.advance(5min);
    CHECK(requests(counters, Window::five_minutes) == 0);
    CHECK(requests(counters, Window::hour) == 4);
    clock.advance(1h);
    CHECK(requests(counters, Window::hour) == 0);
    CHECK(requests(counters, Window::day) == 4);
    clock.advance(24h);
    CHECK(requests(counters, Window::day) == 0);
}

TEST_CASE("calls of a group count as they would one by one", "[live]") {
    FakeClock clock;
    Counters together(clock);
    Counters alone(clock);
    std::vector<storage::Appended> group;
    for (const char* model : {"a", "a", "a", "b", "a", "c", "c"}) {
        group.push_back(call_of(model, model[0] == 'c' ? 8 : 7));
        auto& call = group.back().call;
        auto number = static_cast<std::int64_t>(group.size());
        call.status = number % 3 == 0 ? 502 : 200;
        call.usage.input = number;
        call.cost = Money::nanos(number * 100);
        call.duration_us = number * 1'000'000;
    }
    together.add(group);
    for (const auto& call : group)
        add(alone, call);
    auto text = [](std::string line, const Tally& tally) {
        for (auto value :
             {tally.requests, tally.errors, tally.input, tally.output, tally.cost.nanos()})
            line += " " + std::to_string(value);
        for (auto count : tally.durations)
            line += " " + std::to_string(count);
        return line;
    };
    auto text_of = [&](const Row& row) { return text(row.key, row.tally); };
    auto one = together.view(Window::hour, 10);
    auto other = alone.view(Window::hour, 10);
    CHECK(one.total.requests == 7);
    CHECK(text("", one.total) == text("", other.total));
    for (std::size_t by = 0; by < bys; ++by) {
        REQUIRE(one.rows[by].size() == other.rows[by].size());
        for (std::size_t i = 0; i < one.rows[by].size(); ++i)
            CHECK(text_of(one.rows[by][i]) == text_of(other.rows[by][i]));
    }
    CHECK(rows(one, By::model).size() == 3);
}

TEST_CASE("a call is told apart by model, channel, token and user", "[live]") {
    FakeClock clock;
    Counters counters(clock);
    add(counters, call_of("a", 7), 2);
    auto failed = call_of("b", 8);
    failed.call.status = 502;
    failed.call.error = "upstream_error";
    failed.call.channel = {};
    add(counters, failed);
    auto left = call_of("b", 8);
    left.call.error = "cancelled";
    add(counters, left);
    auto view = counters.view(Window::day, 10);
    CHECK(view.total.requests == 4);
    CHECK(view.total.errors == 1);
    CHECK(view.total.input == 28);
    CHECK(view.total.output == 12);
    CHECK(view.total.cost == Money::nanos(12));
    REQUIRE(rows(view, By::model).size() == 2);
    CHECK(rows(view, By::model)[0].key == "a");
    CHECK(rows(view, By::model)[1].tally.errors == 1);
    REQUIRE(rows(view, By::channel).size() == 1);
    CHECK(rows(view, By::channel)[0].key == "4");
    CHECK(rows(view, By::channel)[0].tally.requests == 3);
    CHECK(rows(view, By::token)[1].key == "8");
    CHECK(rows(view, By::user)[0].tally.requests == 4);
}

TEST_CASE("today begins at midnight UTC", "[live]") {
    FakeClock clock;
    Counters counters(clock);
    clock.advance(23h + 40min);
    add(counters, call_of("m"), 2);
    CHECK(counters.today().requests == 2);
    clock.advance(20min);
    CHECK(counters.today().requests == 0);
    add(counters, call_of("m"));
    CHECK(counters.today().requests == 1);
    CHECK(requests(counters, Window::day) == 3);
}

TEST_CASE("minutes are told for an hour, the running one last", "[live]") {
    FakeClock clock;
    Counters counters(clock);
    add(counters, call_of("m"), 5);
    clock.advance(59min);
    add(counters, call_of("m"));
    auto minutes = counters.minutes();
    REQUIRE(minutes.size() == 60);
    CHECK(minutes.front().requests == 5);
    CHECK(minutes.back().requests == 1);
    clock.advance(1min);
    CHECK(counters.minutes().front().requests == 0);
    CHECK(counters.minutes()[58].requests == 1);
}

TEST_CASE("more keys than places lose no call", "[live]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    FakeClock clock;
    Counters counters(clock, 5);
    std::int64_t all = 0;
    for (int i = 0; i < 5000; ++i) {
        add(counters, call_of("m" + std::to_string(random() % 40)));
        ++all;
        clock.advance(std::chrono::milliseconds(random() % 1000));
        if (random() % 500 == 0)
            clock.advance(6min);
    }
    REQUIRE(unix_nanos(clock.wall()) - unix_nanos(FakeClock().wall()) < 80'000'000'000'000);
    auto view = counters.view(Window::day, 3);
    std::int64_t sum = 0;
    for (const auto& row : rows(view, By::model))
        sum += row.tally.requests;
    CHECK(sum == all);
    CHECK(view.total.requests == all);
    CHECK(rows(view, By::model).size() == 4);
    CHECK(rows(view, By::model).back().others);
}

TEST_CASE("a key that comes takes the place of one that has rested", "[live]") {
    FakeClock clock;
    Counters counters(clock, 2);
    add(counters, call_of("old"), 4);
    add(counters, call_of("older"));
    add(counters, call_of("early"));
    clock.advance(301s);
    add(counters, call_of("old"));
    clock.advance(1s);
    add(counters, call_of("new"), 3);
    auto view = counters.view(Window::day, 10);
    REQUIRE(rows(view, By::model).size() == 3);
    CHECK(rows(view, By::model)[0].key == "old");
    CHECK(rows(view, By::model)[0].tally.requests == 5);
    CHECK(rows(view, By::model)[1].key == "new");
    CHECK(rows(view, By::model)[2].others);
    CHECK(rows(view, By::model)[2].tally.requests == 2);
}

TEST_CASE("calls of an earlier run count for the day, but have no durations", "[live]") {
    FakeClock clock;
    clock.advance(20h);
    Counters counters(clock);
    Tally past;
    past.requests = 6;
    counters.add_past(clock.wall() - 2h, past);
    counters.add_past(By::model, "m", clock.wall() - 2h, past);
    CHECK(requests(counters, Window::day) == 6);
    CHECK(requests(counters, Window::hour) == 0);
    CHECK(counters.today().requests == 6);
    auto view = counters.view(Window::day, 10);
    CHECK(rows(view, By::model)[0].tally.requests == 6);
    CHECK_FALSE(view.total.quantile(0.5));
}
