#pragma once

#include <chrono>
#include <cstdint>

namespace obliv {

/// Wall time, nanoseconds since 1970 UTC. What is stored and shown.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
/// Monotonic time. What is measured and waited for.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Where time comes from. Code that needs the time takes one by reference; tests pass a FakeClock.
/// Safe from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const noexcept = 0;
    virtual SteadyTime steady() const noexcept = 0;
};

/// The clock of the machine.
const Clock& real_clock() noexcept;

/// When something has to be over. Passed down, never restarted: a wait inside a wait shares its
/// end.
class Deadline {
public:
    static Deadline never() noexcept { return Deadline(SteadyTime::max()); }
    static Deadline after(const Clock& clock, std::chrono::nanoseconds span) noexcept {
        return Deadline(clock.steady() + span);
    }
    explicit Deadline(SteadyTime at) noexcept : at_(at) {}

    SteadyTime at() const noexcept { return at_; }
    bool passed(SteadyTime now) const noexcept { return now >= at_; }
    Deadline sooner(Deadline other) const noexcept { return at_ < other.at_ ? *this : other; }

private:
    SteadyTime at_;
};

inline std::int64_t unix_nanos(WallTime time) noexcept {
    return time.time_since_epoch().count();
}
inline WallTime from_unix_nanos(std::int64_t nanos) noexcept {
    return WallTime(std::chrono::nanoseconds(nanos));
}

}  // namespace obliv
