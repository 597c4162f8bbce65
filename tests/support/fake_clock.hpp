#pragma once

#include "core/base/clock.hpp"

#include <atomic>

namespace obliv::test {

/// A clock that stands until it is told to go on, from any thread. Wall time begins on 2026-01-01.
class FakeClock final : public Clock {
public:
    WallTime wall() const noexcept override {
        return from_unix_nanos(1'767'225'600'000'000'000) + gone();
    }
    SteadyTime steady() const noexcept override {
        return SteadyTime(std::chrono::hours(1)) + gone();
    }
    void advance(std::chrono::nanoseconds span) noexcept { gone_ += span.count(); }

private:
    std::chrono::nanoseconds gone() const noexcept { return std::chrono::nanoseconds(gone_); }

    std::atomic<std::int64_t> gone_{0};
};

}  // namespace obliv::test
