#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace obliv::channels {

/// How long something took of late, as a quantile: counts by quarters of an octave, from a
/// millisecond to eighteen hours. Older counts lose half their weight every thousand. Any thread,
/// no locks.
class Quantile {
public:
    void add(std::chrono::microseconds took) noexcept;
    /// Nothing before there are twenty; at most a fifth too high.
    std::optional<std::chrono::microseconds> of(double share) const noexcept;

private:
    static constexpr std::size_t buckets = 104;
    static constexpr std::uint32_t samples_min = 20;
    static constexpr std::uint32_t samples_max = 1000;

    std::array<std::atomic<std::uint16_t>, buckets> counts_{};
    std::atomic<std::uint32_t> all_{0};
};

}  // namespace obliv::channels
