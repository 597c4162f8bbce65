#include "daemon/live/tally.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace obliv;
using namespace obliv::live;
using namespace std::chrono_literals;

TEST_CASE("a quantile of nothing is not known", "[live]") {
    CHECK_FALSE(Tally().quantile(0.5));
}

TEST_CASE("a quantile lies within a half of the true one", "[live]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    // Durations from a millisecond to two minutes, even by their magnitude.
    std::uniform_real_distribution<double> magnitude(3.0, 8.08);
    for (int round = 0; round < 50; ++round) {
        Tally tally;
        std::vector<double> all;
        for (int i = 0; i < 400; ++i) {
            auto micros = static_cast<std::int64_t>(std::pow(10.0, magnitude(random)));
            all.push_back(static_cast<double>(micros));
            Ended call;
            call.duration = std::chrono::microseconds(micros);
            tally.add(call);
        }
        std::sort(all.begin(), all.end());
        for (double share : {0.5, 0.95, 0.99}) {
            auto told = static_cast<double>(tally.quantile(share)->count());
            auto truth = all[static_cast<std::size_t>(share * 400) - 1];
            CHECK(told >= truth / 1.5 - 1);
            CHECK(told <= truth * 1.5 + 1);
        }
    }
}

TEST_CASE("what takes longer than the last step is counted there", "[live]") {
    Tally tally;
    Ended call;
    call.duration = 24h;
    tally.add(call);
    call.duration = -5us;
    tally.add(call);
    CHECK(tally.quantile(1.0) > 180s);
    CHECK(tally.quantile(0.01) < 1ms);
}
