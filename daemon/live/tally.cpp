#include "daemon/live/tally.hpp"

#include <algorithm>
#include <bit>

namespace obliv::live {
namespace {

// In units of an eighth of a millisecond: two steps to each doubling.
constexpr std::int64_t unit_us = 125;

std::size_t step_of(std::chrono::microseconds duration) noexcept {
    auto units = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0) / unit_us);
    if (units < 2)
        return static_cast<std::size_t>(units);
    auto doubling = static_cast<std::size_t>(std::bit_width(units)) - 1;
    auto half = static_cast<std::size_t>((units >> (doubling - 1)) & 1U);
    return std::min(2 * doubling + half, Tally::steps - 1);
}

/// Where a step begins.
double begin_of(std::size_t step) noexcept {
    if (step < 2)
        return static_cast<double>(step) * unit_us;
    auto whole = static_cast<double>(std::uint64_t{1} << (step / 2));
    return whole * (step % 2 == 0 ? 1.0 : 1.5) * unit_us;
}

}  // namespace

void Tally::add(const Ended& call) noexcept {
    ++requests;
    errors += call.error ? 1 : 0;
    input += call.input;
    output += call.output;
    cost += call.cost;
    ++durations[step_of(call.duration)];
}

void Tally::add(const Tally& other) noexcept {
    requests += other.requests;
    errors += other.errors;
    input += other.input;
    output += other.output;
    cost += other.cost;
    for (std::size_t i = 0; i < steps; ++i)
        durations[i] += other.durations[i];
}

std::optional<std::chrono::microseconds> Tally::quantile(double share) const noexcept {
    // Not `requests`: calls that are known from the store only have no durations.
    std::uint64_t all = 0;
    for (auto count : durations)
        all += count;
    if (all == 0)
        return std::nullopt;
    auto wanted = std::max(share * static_cast<double>(all), 1.0);
    double before = 0;
    for (std::size_t i = 0; i < steps; ++i) {
        auto count = static_cast<double>(durations[i]);
        if (before + count < wanted) {
            before += count;
            continue;
        }
        auto begin = begin_of(i);
        auto width = begin_of(i + 1) - begin;
        auto micros = begin + width * (wanted - before) / count;
        return std::chrono::microseconds(static_cast<std::int64_t>(micros));
    }
    return std::chrono::microseconds(static_cast<std::int64_t>(begin_of(steps)));
}

}  // namespace obliv::live
