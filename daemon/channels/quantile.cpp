#include "daemon/channels/quantile.hpp"

#include <algorithm>
#include <cmath>

namespace obliv::channels {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr double first_us = 1000;
constexpr double steps_an_octave = 4;

}  // namespace

void Quantile::add(std::chrono::microseconds took) noexcept {
    auto octaves = std::log2(std::max(first_us, static_cast<double>(took.count())) / first_us);
    auto bucket = std::min(static_cast<std::size_t>(octaves * steps_an_octave), buckets - 1);
    counts_[bucket].fetch_add(1, relaxed);
    if (all_.fetch_add(1, relaxed) + 1 != samples_max)
        return;
    std::uint32_t left = 0;
    for (auto& count : counts_) {
        auto half = static_cast<std::uint16_t>(count.load(relaxed) / 2);
        count.store(half, relaxed);
        left += half;
    }
    all_.store(left, relaxed);
}

std::optional<std::chrono::microseconds> Quantile::of(double share) const noexcept {
    std::array<std::uint32_t, buckets> seen{};
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < buckets; ++i)
        all += seen[i] = counts_[i].load(relaxed);
    if (all < samples_min)
        return std::nullopt;
    auto wanted = static_cast<std::uint32_t>(std::ceil(share * all));
    std::uint32_t below = 0;
    std::size_t bucket = 0;
    for (; bucket < buckets; ++bucket) {
        below += seen[bucket];
        if (below >= wanted)
            break;
    }
    auto edge = first_us * std::exp2(static_cast<double>(bucket + 1) / steps_an_octave);
    return std::chrono::microseconds(static_cast<std::int64_t>(edge));
}

}  // namespace obliv::channels
