#include "daemon/channels/strategy.hpp"

#include "daemon/channels/health.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <map>

using namespace obliv;
using namespace obliv::channels;
using namespace std::chrono_literals;

namespace {

std::map<std::size_t, int> draws(Sampler& sampler, int count, std::size_t places,
                                 std::uint64_t seed = 20261122) {
    Random random(seed);
    UsedPlaces used(places);
    std::map<std::size_t, int> counts;
    for (int i = 0; i < count; ++i)
        ++counts[sampler.draw(random, used, 0)];
    return counts;
}

double chi_square(std::map<std::size_t, int> counts, const std::vector<Seat>& seats, int total) {
    double weights = 0;
    for (const auto& seat : seats)
        weights += static_cast<double>(seat.weight);
    double sum = 0;
    for (std::size_t i = 0; i < seats.size(); ++i) {
        auto expected = total * static_cast<double>(seats[i].weight) / weights;
        auto difference = static_cast<double>(counts[i]) - expected;
        sum += difference * difference / expected;
    }
    return sum;
}

}  // namespace

TEST_CASE("chance and turns both keep to the weights", "[channels]") {
    std::vector<Seat> seats;
    for (std::uint64_t weight : {1, 2, 3, 4, 10, 30, 50, 7, 7, 1})
        seats.push_back({weight});
    auto random = make_sampler(Strategy::weighted_random, seats);
    // Nine degrees of freedom: 27.88 is passed by chance once in a thousand, and the seed is fixed.
    CHECK(chi_square(draws(*random, 50'000, seats.size()), seats, 50'000) < 27.88);
    auto turns = make_sampler(Strategy::round_robin, seats);
    // Turns are not by chance: the counts are those of the weights but for the last round.
    CHECK(chi_square(draws(*turns, 50'000, seats.size()), seats, 50'000) < 0.1);
}

TEST_CASE("the turns of a heavy place are spread, not bunched", "[channels]") {
    auto sampler = make_sampler(Strategy::round_robin, {{5}, {1}, {1}});
    Random random(1);
    UsedPlaces used(3);
    std::string order;
    for (int i = 0; i < 14; ++i)
        order += static_cast<char>('a' + sampler->draw(random, used, 0));
    CHECK(order == "aaabcaaaaabcaa");
}

TEST_CASE("no strategy draws a place that is used, or has no weight", "[channels]") {
    auto strategy =
        GENERATE(Strategy::weighted_random, Strategy::round_robin, Strategy::least_in_flight,
                 Strategy::lowest_latency, Strategy::lowest_price);
    auto seed = GENERATE(range(1, 20));
    INFO("seed " << seed << " strategy " << name_of(strategy));
    Random random(static_cast<std::uint64_t>(seed));
    std::deque<Health> health(200);
    auto count = 1 + random.below(200);
    std::vector<Seat> seats;
    for (std::size_t i = 0; i < count; ++i)
        seats.push_back({random.below(4), static_cast<double>(random.below(3)), &health[i]});
    auto sampler = make_sampler(strategy, seats);
    UsedPlaces used(count + 5);
    for (std::size_t i = 0; i < 2 * count; ++i) {
        auto place = sampler->draw(random, used, 5);
        if (place == Sampler::none)
            break;
        REQUIRE(place < count);
        CHECK(seats[place].weight > 0);
        CHECK(!used.contains(5 + place));
        used.add(5 + place);
    }
}

TEST_CASE("the place with the fewest calls for its weight is next", "[channels]") {
    std::deque<Health> health(3);
    std::vector<Seat> seats{{1, 0, &health[0]}, {4, 0, &health[1]}, {1, 0, &health[2]}};
    auto sampler = make_sampler(Strategy::least_in_flight, seats);
    Random random(1);
    UsedPlaces used(3);
    std::map<std::size_t, int> counts;
    for (int i = 0; i < 60; ++i) {
        auto place = sampler->draw(random, used, 0);
        health[place].begin({});
        ++counts[place];
    }
    CHECK(counts[1] == 40);
    CHECK(counts[0] == 10);
    CHECK(counts[2] == 10);
}

TEST_CASE("of two places the quicker one is called", "[channels]") {
    std::deque<Health> health(2);
    health[0].first_content(900ms);
    health[1].first_content(100ms);
    auto sampler = make_sampler(Strategy::lowest_latency, {{1, 0, &health[0]}, {1, 0, &health[1]}});
    auto counts = draws(*sampler, 1000, 2);
    CHECK(counts[1] > 900);
    // A place that nobody has called yet is tried.
    std::deque<Health> fresh(1);
    auto with_new = make_sampler(Strategy::lowest_latency, {{1, 0, &health[1]}, {1, 0, &fresh[0]}});
    CHECK(draws(*with_new, 1000, 2)[1] > 900);
}

TEST_CASE("the cheapest places share by weight, the dearer ones wait", "[channels]") {
    auto sampler = make_sampler(Strategy::lowest_price, {{1, 3.0}, {1, 1.0}, {3, 1.0}, {1, 2.0}});
    auto counts = draws(*sampler, 4000, 4);
    CHECK(counts.size() == 2);
    CHECK(std::abs(counts[1] - 1000) < 120);
    Random random(1);
    UsedPlaces used(4);
    used.add(1);
    used.add(2);
    CHECK(sampler->draw(random, used, 0) == 3);
    used.add(3);
    CHECK(sampler->draw(random, used, 0) == 0);
    used.add(0);
    CHECK(sampler->draw(random, used, 0) == Sampler::none);
}

TEST_CASE("a key keeps its place when others come and go", "[channels]") {
    std::vector<HashRing::Place> places;
    for (std::uint64_t id = 1; id <= 20; ++id)
        places.push_back({id, id == 20 ? 0U : 1U});
    HashRing ring(places);
    auto fewer = places;
    fewer.erase(fewer.begin() + 10);
    HashRing after(fewer);
    UsedPlaces used(20);
    int moved = 0;
    std::map<std::size_t, int> counts;
    for (int i = 0; i < 10'000; ++i) {
        auto key = spread("session-" + std::to_string(i));
        auto before = places[ring.find(key, used, 0)].id;
        ++counts[before];
        REQUIRE(before != 20);
        moved += before != 11 && fewer[after.find(key, used, 0)].id != before ? 1 : 0;
    }
    CHECK(moved < 1500);
    for (auto [id, count] : counts)
        CHECK(count > 200);
    // The place that takes a key over is the same each time.
    auto key = spread("one");
    UsedPlaces first(20);
    first.add(ring.find(key, used, 0));
    CHECK(ring.find(key, first, 0) == ring.find(key, first, 0));
    CHECK(ring.find(key, first, 0) != ring.find(key, used, 0));
}

TEST_CASE("strategies have names", "[channels]") {
    CHECK(strategy_from_name("lowest_latency") == Strategy::lowest_latency);
    CHECK(!strategy_from_name("best"));
}
