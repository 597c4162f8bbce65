#pragma once

#include "core/base/clock.hpp"

namespace obliv::test {

/// A clock that stands until it is told to go on. Wall time begins on 2026-01-01.
class FakeClock final : public Clock {
public:
    WallTime wall() const noexcept override {
        return from_unix_nanos(1'767'225'600'000'000'000) + gone_;
    }
    SteadyTime steady() const noexcept override {
        return SteadyTime(std::chrono::hours(1)) + gone_;
    }
    void advance(std::chrono::nanoseconds span) noexcept { gone_ += span; }

private:
    std::chrono::nanoseconds gone_{0};
};

}  // namespace obliv::test
