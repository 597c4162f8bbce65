#include "daemon/channels/strategy.hpp"

#include "daemon/channels/health.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace obliv::channels {
namespace {

// A tier with fewer places is looked at whole where that makes a better choice.
constexpr std::size_t small_tier = 16;
constexpr int draws_max = 16;

constexpr std::array<std::string_view, 5> names{"weighted_random", "round_robin", "least_in_flight",
                                                "lowest_latency", "lowest_price"};

/// Draws in proportion to the weights, by a binary search in their running sums.
class ByChance final : public Sampler {
public:
    explicit ByChance(const std::vector<Seat>& seats) {
        std::uint64_t total = 0;
        for (const auto& seat : seats)
            sums_.push_back(total += seat.weight);
    }
    std::size_t draw(Random& random, const UsedPlaces& used, std::size_t first) override {
        if (sums_.empty() || sums_.back() == 0)
            return none;
        for (int i = 0; i < draws_max; ++i) {
            auto ticket = random.below(sums_.back());
            auto found = std::upper_bound(sums_.begin(), sums_.end(), ticket);
            auto place = static_cast<std::size_t>(found - sums_.begin());
            if (!used.contains(first + place))
                return place;
        }
        return none;
    }

private:
    std::vector<std::uint64_t> sums_;
};

/// Each place has a pass that grows by the inverse of its weight whenever its turn has come; the
/// least pass is next. Starting half a stride in makes the order smooth.
class InTurn final : public Sampler {
public:
    explicit InTurn(const std::vector<Seat>& seats) {
        for (std::size_t i = 0; i < seats.size(); ++i) {
            if (seats[i].weight == 0)
                continue;
            auto stride = std::max<std::uint64_t>(1, unit / seats[i].weight);
            heap_.push_back({stride / 2, stride, static_cast<std::uint32_t>(i)});
        }
        std::make_heap(heap_.begin(), heap_.end(), later);
    }
    std::size_t draw(Random&, const UsedPlaces& used, std::size_t first) override {
        for (int i = 0; i < draws_max && !heap_.empty(); ++i) {
            std::pop_heap(heap_.begin(), heap_.end(), later);
            auto& turn = heap_.back();
            auto place = turn.place;
            turn.pass += turn.stride;
            bool far = turn.pass > pass_max;
            std::push_heap(heap_.begin(), heap_.end(), later);
            if (far)
                rebase();
            if (!used.contains(first + place))
                return place;
        }
        return none;
    }

private:
    struct Turn {
        std::uint64_t pass;
        std::uint64_t stride;
        std::uint32_t place;
    };
    static constexpr std::uint64_t unit = 1ULL << 32;
    static constexpr std::uint64_t pass_max = 1ULL << 60;

    static bool later(const Turn& a, const Turn& b) noexcept {
        return a.pass != b.pass ? a.pass > b.pass : a.place > b.place;
    }
    void rebase() noexcept {
        auto least = heap_.front().pass;
        for (auto& turn : heap_)
            turn.pass -= least;
    }

    std::vector<Turn> heap_;
};

/// Chooses the least costly of all places of a small tier, of two drawn by chance of a large one.
class LeastCost final : public Sampler {
public:
    using Cost = double (*)(const Seat& seat);
    LeastCost(std::vector<Seat> seats, Cost cost, bool look_at_all)
        : chance_(seats), seats_(std::move(seats)), cost_(cost),
          look_at_all_(look_at_all && seats_.size() <= small_tier) {}

    std::size_t draw(Random& random, const UsedPlaces& used, std::size_t first) override {
        if (look_at_all_)
            return least(random, used, first);
        auto one = chance_.draw(random, used, first);
        if (one == none)
            return none;
        auto other = one;
        for (int i = 0; i < 4 && other == one; ++i)
            other = chance_.draw(random, used, first);
        return other != none && cost_(seats_[other]) < cost_(seats_[one]) ? other : one;
    }

private:
    /// From a place by chance on, so that equal ones share.
    std::size_t least(Random& random, const UsedPlaces& used, std::size_t first) {
        auto count = seats_.size();
        auto start = static_cast<std::size_t>(random.below(count));
        auto best = none;
        for (std::size_t step = 0; step < count; ++step) {
            auto place = (start + step) % count;
            if (seats_[place].weight == 0 || used.contains(first + place))
                continue;
            if (best == none || cost_(seats_[place]) < cost_(seats_[best]))
                best = place;
        }
        return best;
    }

    ByChance chance_;
    std::vector<Seat> seats_;
    Cost cost_;
    bool look_at_all_;
};

double cost_of_load(const Seat& seat) {
    auto calls = seat.health == nullptr ? 0 : seat.health->in_flight();
    return static_cast<double>(calls + 1) /
           static_cast<double>(std::max<std::uint64_t>(1, seat.weight));
}

/// A place that has not answered yet costs nothing: it is tried, and then it is known.
double cost_of_waiting(const Seat& seat) {
    if (seat.health == nullptr)
        return 0;
    return static_cast<double>(seat.health->ttft_us()) *
           static_cast<double>(seat.health->in_flight() + 1);
}

/// The cheapest places first; equal ones by chance.
class Cheapest final : public Sampler {
public:
    explicit Cheapest(std::vector<Seat> seats) {
        std::vector<std::size_t> order(seats.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return seats[a].price < seats[b].price;
        });
        for (auto place : order) {
            if (seats[place].weight == 0)
                continue;
            if (groups_.empty() || groups_.back().price != seats[place].price)
                groups_.push_back({seats[place].price, {}, {}});
            groups_.back().places.push_back(place);
            groups_.back().seats.push_back(seats[place]);
        }
        for (auto& group : groups_)
            group.chance = std::make_unique<ByChance>(group.seats);
    }
    std::size_t draw(Random& random, const UsedPlaces& used, std::size_t first) override {
        UsedPlaces nothing(0);
        for (const auto& group : groups_) {
            for (int i = 0; i < draws_max; ++i) {
                auto place = group.places[group.chance->draw(random, nothing, 0)];
                if (!used.contains(first + place))
                    return place;
            }
            for (auto place : group.places)
                if (!used.contains(first + place))
                    return place;
        }
        return none;
    }

private:
    struct Group {
        double price;
        std::vector<std::size_t> places;
        std::vector<Seat> seats;
        std::unique_ptr<ByChance> chance{};
    };
    std::vector<Group> groups_;
};

/// Finalizer of SplitMix64.
constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

}  // namespace

std::string_view name_of(Strategy strategy) noexcept {
    return names[static_cast<std::size_t>(strategy)];
}

std::optional<Strategy> strategy_from_name(std::string_view name) noexcept {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        return std::nullopt;
    return static_cast<Strategy>(found - names.begin());
}

std::unique_ptr<Sampler> make_sampler(Strategy strategy, std::vector<Seat> seats) {
    switch (strategy) {
    case Strategy::round_robin:
        return std::make_unique<InTurn>(seats);
    case Strategy::least_in_flight:
        return std::make_unique<LeastCost>(std::move(seats), cost_of_load, true);
    case Strategy::lowest_latency:
        return std::make_unique<LeastCost>(std::move(seats), cost_of_waiting, false);
    case Strategy::lowest_price:
        return std::make_unique<Cheapest>(std::move(seats));
    case Strategy::weighted_random:
        break;
    }
    return std::make_unique<ByChance>(seats);
}

HashRing::HashRing(std::span<const Place> places) {
    // About a hundred points for each place keep the shares within some ten per cent of the
    // weights; large tiers have less need of it, and less room.
    std::uint64_t total = 0;
    for (const auto& place : places)
        total += place.weight;
    auto points = std::clamp<std::uint64_t>(places.size() * 100, 1, 200'000);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (places[i].weight == 0)
            continue;
        auto share = static_cast<double>(places[i].weight) / static_cast<double>(total);
        auto count = std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>(share * static_cast<double>(points) + 0.5));
        for (std::uint64_t n = 0; n < count; ++n)
            points_.push_back({mixed(mixed(places[i].id + 1) + n), static_cast<std::uint32_t>(i)});
    }
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
        return a.at != b.at ? a.at < b.at : a.place < b.place;
    });
}

std::size_t HashRing::find(std::uint64_t key, const UsedPlaces& used,
                           std::size_t first) const noexcept {
    constexpr std::size_t steps_max = 512;
    auto start =
        std::lower_bound(points_.begin(), points_.end(), key,
                         [](const Point& point, std::uint64_t at) { return point.at < at; });
    auto at = static_cast<std::size_t>(start - points_.begin());
    for (std::size_t step = 0; step < std::min(steps_max, points_.size()); ++step)
        if (auto place = points_[(at + step) % points_.size()].place; !used.contains(first + place))
            return place;
    return Sampler::none;
}

std::uint64_t spread(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return mixed(hash);
}

}  // namespace obliv::channels
