#include "daemon/cache/answer_cache.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace obliv;
using namespace obliv::cache;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t entry_bytes = 512;  // what one takes beside its body

AnswerPtr answer(std::string body, SteadyTime made = {}) {
    Answer out;
    out.body = std::move(body);
    out.made = made;
    return std::make_shared<const Answer>(std::move(out));
}

Sha256 key(int number) {
    return sha256(std::to_string(number));
}

AnswerCache::Limits limits(std::size_t entries, std::size_t bytes = 1U << 20) {
    return {entries, bytes, 60s, 0s};
}

}  // namespace

TEST_CASE("an answer is found until its time is over, and stands in a while longer", "[cache]") {
    AnswerCache cache;
    cache.set_limits({10, 1U << 20, 60s, 30s});
    SteadyTime start{};
    cache.put(key(1), answer("a", start));
    CHECK(cache.find(key(1), start + 59s).fresh);
    auto old = cache.find(key(1), start + 60s);
    CHECK(old.answer->body == "a");
    CHECK_FALSE(old.fresh);
    CHECK(cache.find(key(1), start + 90s).answer == nullptr);
    CHECK(cache.stats().entries == 0);
    CHECK(cache.find(key(2), start).answer == nullptr);
}

TEST_CASE("the answer that was not asked for longest makes room", "[cache]") {
    AnswerCache cache;
    cache.set_limits(limits(2));
    cache.put(key(1), answer("a"));
    cache.put(key(2), answer("b"));
    CHECK(cache.find(key(1), {}).answer);
    cache.put(key(3), answer("c"));
    CHECK(cache.find(key(1), {}).answer);
    CHECK_FALSE(cache.find(key(2), {}).answer);
    CHECK(cache.stats().evicted == 1);
}

TEST_CASE("the bytes of all answers stay within their limit", "[cache]") {
    AnswerCache cache;
    cache.set_limits(limits(1000, 4 * (entry_bytes + 100)));
    for (int i = 0; i < 20; ++i) {
        cache.put(key(i), answer(std::string(100, 'x')), key(0), Meaning{});
        CHECK(cache.stats().bytes <= 4 * (entry_bytes + 100));
    }
    CHECK(cache.stats().entries == 4);
    cache.put(key(19), answer("shorter"));
    CHECK(cache.stats().entries == 4);
    CHECK(cache.stats().bytes == 4 * entry_bytes + 300 + 7);
    cache.put(key(50), answer(std::string(10'000, 'x')));
    CHECK(cache.stats().entries == 0);
    cache.set_limits(limits(0));
    cache.put(key(1), answer("a"));
    CHECK(cache.stats().bytes == 0);
}

TEST_CASE("of answers in a bucket the closest in meaning is found, if it is close enough",
          "[cache]") {
    AnswerCache cache;
    cache.set_limits(limits(10));
    cache.put(key(1), answer("north"), key(100), {0, 1});
    cache.put(key(2), answer("east"), key(100), {1, 0});
    cache.put(key(3), answer("elsewhere"), key(200), {0, 2});
    cache.put(key(4), answer("longer"), key(100), {0, 1, 0});
    auto close = cache.find_close(key(100), {0.1F, 5}, 0.99, {});
    REQUIRE(close);
    CHECK(close->body == "north");
    CHECK_FALSE(cache.find_close(key(100), {1, 1}, 0.8, {}));
    CHECK(cache.find_close(key(100), {1, 1}, 0.7, {}));
    CHECK_FALSE(cache.find_close(key(100), {0, 0}, 0.1, {}));
    CHECK_FALSE(cache.find_close(key(300), {0, 1}, 0.1, {}));
    CHECK_FALSE(cache.find_close(key(100), {0, 1}, 0.9, SteadyTime{} + 61s));

    // What has gone is not found by its meaning any more.
    cache.put(key(1), answer("north again"));
    CHECK_FALSE(cache.find_close(key(100), {0, 1}, 0.99, {}));
}

TEST_CASE("one leads a flight, and all who wait hear what it brought", "[cache]") {
    AnswerCache cache;
    auto first = cache.board(key(1));
    auto second = cache.board(key(1));
    CHECK(first.leads);
    CHECK_FALSE(second.leads);
    CHECK(cache.board(key(2)).leads);
    int woken = 0;
    CHECK(second.flight->when_landed([&] { ++woken; }));
    CHECK(second.flight->when_landed([&] { ++woken; }));
    CHECK(second.flight->answer() == nullptr);
    cache.land(key(1), first.flight, answer("a"));
    CHECK(woken == 2);
    CHECK(second.flight->answer()->body == "a");
    CHECK_FALSE(second.flight->when_landed([&] { ++woken; }));
    CHECK(woken == 2);
    CHECK(cache.board(key(1)).leads);
}

TEST_CASE("a flight has one leader at a time, whichever threads ask", "[cache]") {
    AnswerCache cache;
    std::atomic<int> leading{0};
    std::atomic<bool> clash{false};
    auto ask = [&] {
        for (int i = 0; i < 2000; ++i) {
            auto place = cache.board(key(i % 3));
            if (!place.leads)
                continue;
            if (i % 3 == 0 && leading.fetch_add(1) != 0)
                clash = true;
            if (i % 3 == 0)
                leading.fetch_sub(1);
            cache.land(key(i % 3), place.flight, nullptr);
        }
    };
    std::thread other(ask);
    ask();
    other.join();
    CHECK_FALSE(clash);
}

TEST_CASE("look-ups are counted by how they ended", "[cache]") {
    AnswerCache cache;
    cache.count(Lookup::hit);
    cache.count(Lookup::hit);
    cache.count(Lookup::shared);
    auto stats = cache.stats();
    CHECK(stats.looked_up[static_cast<std::size_t>(Lookup::hit)] == 2);
    CHECK(stats.looked_up[static_cast<std::size_t>(Lookup::shared)] == 1);
    CHECK(name_of(Lookup::stale) == "stale");
}
