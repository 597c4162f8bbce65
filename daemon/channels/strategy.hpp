#pragma once

#include "core/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::channels {

class Health;

/// How the channels of one tier share its calls.
enum class Strategy : std::uint8_t {
    weighted_random,
    round_robin,      ///< smooth and weighted: no channel twice in a row without need
    least_in_flight,  ///< by weight
    lowest_latency,   ///< of two by chance, the one whose calls begin to answer sooner
    lowest_price,
};
std::string_view name_of(Strategy strategy) noexcept;
std::optional<Strategy> strategy_from_name(std::string_view name) noexcept;

/// What a strategy looks at of each channel of a tier.
struct Seat {
    std::uint64_t weight = 1;
    double price = 0;                ///< for Strategy::lowest_price
    const Health* health = nullptr;  ///< live figures; outlives the sampler
};

/// Which places of a tier one call cannot use any more. Up to 64 places cost no memory.
class UsedPlaces {
public:
    explicit UsedPlaces(std::size_t places = 0) : many_(places > 64 ? places : 0) {}
    bool contains(std::size_t place) const noexcept {
        if (!many_.empty())
            return many_[place];
        return place < 64 && ((few_ >> place) & 1U) != 0;
    }
    void add(std::size_t place) noexcept {
        if (many_.empty())
            few_ |= 1ULL << place;
        else
            many_[place] = true;
    }

private:
    std::uint64_t few_ = 0;
    std::vector<bool> many_;
};

/// Draws places of one tier for one loop.
class Sampler {
public:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    virtual ~Sampler() = default;
    /// A place of a weight above 0 that is not used, `used` counting from `first` on. None: there
    /// is no such place, or too few of them to be met by chance: whoever asks looks for itself.
    virtual std::size_t draw(Random& random, const UsedPlaces& used, std::size_t first) = 0;
};

std::unique_ptr<Sampler> make_sampler(Strategy strategy, std::vector<Seat> seats);

/// Spreads keys over places so that a change of a few places moves few keys.
class HashRing {
public:
    struct Place {
        std::uint64_t id;
        std::uint64_t weight;  ///< 0: takes no keys
    };
    explicit HashRing(std::span<const Place> places);
    /// The place of a key that is not used; none: there is none near it.
    std::size_t find(std::uint64_t key, const UsedPlaces& used, std::size_t first) const noexcept;

private:
    struct Point {
        std::uint64_t at;
        std::uint32_t place;
    };
    std::vector<Point> points_;
};

/// A well-mixed number from a text: a key of a HashRing.
std::uint64_t spread(std::string_view text) noexcept;

}  // namespace obliv::channels
