#include "daemon/watch/gap.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <random>

using namespace obliv;
using namespace obliv::watch;

namespace {

Count count(std::int64_t calls, std::int64_t nanos, std::int64_t units) {
    return {calls, Money::nanos(nanos), units};
}

/// Calls that go from those who end them to those who store them, and may lose something.
class Road final : public Counting {
public:
    Count ended() override { return ended_; }
    Count written() override { return written_; }
    std::optional<Count> stored() override {
        return away ? std::nullopt : std::optional<Count>(stored_);
    }
    void end(const Count& call) {
        add(ended_, call);
        queue_.push_back(call);
    }
    void write(std::size_t calls) {
        for (; calls > 0 && !queue_.empty(); --calls) {
            add(written_, queue_.front());
            log_.push_back(queue_.front());
            queue_.pop_front();
        }
    }
    void store(std::size_t calls) {
        for (; calls > 0 && !log_.empty(); --calls) {
            add(stored_, log_.front());
            log_.pop_front();
        }
    }
    static void add(Count& sum, const Count& call) {
        sum.calls += call.calls;
        sum.billed += call.billed;
        sum.units += call.units;
    }

    bool away = false;
    Count ended_;
    Count written_;
    Count stored_;
    std::deque<Count> queue_;
    std::deque<Count> log_;
};

}  // namespace

TEST_CASE("calls that are on their way are no gap, and a lost figure is one", "[watch]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 300; ++round) {
        Road road;
        GapWatch watch(road);
        auto lost = random() % 4;  // 0: nothing
        bool at_store = random() % 2 == 0;
        auto when = random() % 10;
        for (std::uint64_t minute = 0; minute < 10; ++minute) {
            // What ended before a look is stored at the next one.
            road.write(SIZE_MAX);
            road.store(SIZE_MAX);
            for (auto calls = random() % 5; calls > 0; --calls)
                road.end(count(1, static_cast<std::int64_t>(random() % 100),
                               static_cast<std::int64_t>(random() % 100)));
            road.write(random() % 3);
            road.store(random() % 3);
            if (minute == when && lost > 0) {
                auto& place = at_store ? road.stored_ : road.written_;
                (lost == 1 ? place.calls : place.units) -= 1;
                if (lost == 3)
                    place.billed -= Money::nanos(1);
            }
            auto told = watch.look();
            if (lost == 0)
                REQUIRE(told.empty());
        }
        // A quiet minute brings it to light.
        road.write(SIZE_MAX);
        road.store(SIZE_MAX);
        watch.look();
        CHECK(watch.look().empty() == (lost == 0));
    }
}

TEST_CASE("each kind of gap is told in words", "[watch]") {
    Road road;
    GapWatch watch(road);
    road.ended_ = count(5, 50, 500);
    CHECK(watch.look().empty());
    SECTION("a call that is never written") {
        road.written_ = count(4, 50, 500);
        CHECK(watch.look().find("are not all written (4 calls") != std::string::npos);
    }
    SECTION("a charge that is never stored") {
        road.written_ = count(5, 50, 500);
        road.ended_ = count(6, 60, 600);
        CHECK(watch.look().empty());
        road.written_ = road.ended_;
        road.ended_ = count(7, 70, 700);
        CHECK(watch.look().find("are not all stored (0 calls") != std::string::npos);
    }
    SECTION("a quiet minute, and something is missing") {
        road.written_ = road.ended_;
        road.stored_ = count(5, 49, 500);
        CHECK(watch.look().find("is not what is stored (5 calls") != std::string::npos);
        CHECK_FALSE(watch.exact());
        road.stored_ = road.ended_;
        CHECK(watch.look().empty());
        CHECK(watch.exact());
    }
    SECTION("a charge that is written twice") {
        road.written_ = count(6, 60, 600);
        CHECK(watch.look().find("than calls ended") != std::string::npos);
    }
    SECTION("a row that is stored twice") {
        road.written_ = count(5, 50, 500);
        road.stored_ = count(6, 60, 600);
        CHECK(watch.look().find("more is stored") != std::string::npos);
    }
}

TEST_CASE("a store that cannot be asked is no gap", "[watch]") {
    Road road;
    GapWatch watch(road);
    road.ended_ = count(1, 1, 1);
    road.away = true;
    CHECK(watch.look().empty());
    CHECK(watch.look().empty());
}
