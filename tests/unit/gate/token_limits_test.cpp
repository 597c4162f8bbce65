#include "daemon/gate/token_limits.hpp"

#include "tests/support/fake_clock.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace obliv;
using namespace obliv::gate;
using obliv::test::FakeClock;
using namespace std::chrono_literals;

TEST_CASE("a minute lets exactly its number of requests in, and says how long to wait", "[gate]") {
    FakeClock clock;
    TokenLimits limits;
    for (int i = 0; i < 3; ++i)
        CHECK(!limits.refuse_request(clock.steady(), 3));
    clock.advance(20s);
    CHECK(limits.refuse_request(clock.steady(), 3) == 40s);
    clock.advance(39'999ms);
    CHECK(limits.refuse_request(clock.steady(), 3) == 1ms);
    clock.advance(1ms);
    CHECK(!limits.refuse_request(clock.steady(), 3));
}

TEST_CASE("whether a minute is used up is told without counting", "[gate]") {
    FakeClock clock;
    TokenLimits limits;
    for (int i = 0; i < 3; ++i) {
        CHECK(!limits.would_refuse(clock.steady(), 3));
        CHECK(!limits.would_refuse(clock.steady(), 3));
        CHECK(!limits.refuse_request(clock.steady(), 3));
    }
    CHECK(limits.would_refuse(clock.steady(), 3) == 60s);
    CHECK(!limits.would_refuse(clock.steady(), 0));
    clock.advance(60s);
    CHECK(!limits.would_refuse(clock.steady(), 3));
}

TEST_CASE("no limit never refuses, and a lowered limit holds at once", "[gate]") {
    FakeClock clock;
    TokenLimits limits;
    for (int i = 0; i < 1000; ++i)
        CHECK(!limits.refuse_request(clock.steady(), 0));
    for (int i = 0; i < 5; ++i)
        CHECK(!limits.refuse_request(clock.steady(), 10));
    CHECK(limits.refuse_request(clock.steady(), 5));
}

TEST_CASE("threads racing for a minute's last requests never get one too many", "[gate]") {
    FakeClock clock;
    TokenLimits limits;
    std::atomic<int> let_in{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i)
                if (!limits.refuse_request(clock.steady(), 1500))
                    ++let_in;
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(let_in == 1500);
}

TEST_CASE("places for calls at once are given back, and never exceeded", "[gate]") {
    TokenLimits limits;
    CHECK(limits.enter(2));
    CHECK(limits.enter(2));
    CHECK(!limits.enter(2));
    CHECK(limits.in_flight() == 2);
    limits.leave();
    CHECK(limits.enter(2));
    CHECK(limits.enter(0));

    TokenLimits raced;
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; ++i)
                if (raced.enter(3)) {
                    auto now = ++inside;
                    auto seen = most.load();
                    while (now > seen && !most.compare_exchange_weak(seen, now)) {
                    }
                    --inside;
                    raced.leave();
                }
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(most <= 3);
    CHECK(raced.in_flight() == 0);
}
