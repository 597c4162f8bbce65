#pragma once

#include "core/base/clock.hpp"
#include "core/base/secret.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace obliv {

/// Fills `out` from the kernel's generator. Aborts if there is none: nothing may go on without.
void random_bytes(std::span<std::uint8_t> out) noexcept;

/// A new API key: `sk-` and 48 letters and digits (285 bits).
Secret new_api_key();

/// A 26-character id that sorts by time: 48 bits of milliseconds, 80 random ones, Crockford
/// base 32.
std::string new_sortable_id(WallTime now);

/// A small, fast generator for choices that need no secrecy (SplitMix64): weights, jitter,
/// simulations. The same seed gives the same numbers on every machine.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t next() noexcept;
    /// Uniform below `bound` (which is not zero).
    std::uint64_t below(std::uint64_t bound) noexcept;
    /// Uniform in [0, 1).
    double unit() noexcept;

private:
    std::uint64_t state_;
};

}  // namespace obliv
