#pragma once

#include "core/base/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace obliv::loop {

class TimerWheel;

/// One time-out that costs no allocation and no system call: a link in its owner and in one slot of
/// a wheel. Belongs to one loop; goes off at most once per arm(), never early, late by up to two
/// ticks.
class Timer {
public:
    /// `fire(owner)` runs on the loop. It may arm, cancel or destroy any timer, this one included.
    using Fire = void (*)(void* owner);

    Timer(TimerWheel& wheel, Fire fire, void* owner) noexcept
        : wheel_(&wheel), fire_(fire), owner_(owner) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    /// Sets or moves the time. Moving it later, as a busy connection does all the time, only stores
    /// a number: the wheel finds out when the old slot comes round.
    void arm(SteadyTime at);
    void cancel() noexcept;  ///< as cheap
    bool armed() const noexcept { return armed_; }

private:
    friend class TimerWheel;

    TimerWheel* wheel_;
    Fire fire_;
    void* owner_;
    SteadyTime at_{};
    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    SteadyTime linked_at_{};  ///< the time its slot stands for
    std::uint16_t slot_ = 0;
    bool linked_ = false;
    bool armed_ = false;
};

/// All time-outs of one loop in a hashed wheel of coarse ticks. Knows no clock: whoever drives it
/// says what time it is.
class TimerWheel {
public:
    /// What suits time-outs, which are seconds long.
    static constexpr std::chrono::milliseconds tick{50};

    /// `on_first` runs whenever the wheel gets its first entry, and must make sure that advance()
    /// is called once per tick from then on, until it returns false. A simulator of delays takes a
    /// finer `tick_length` than time-outs need.
    TimerWheel(SteadyTime start, std::function<void()> on_first,
               std::chrono::nanoseconds tick_length = tick);
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// Fires what is due at `now`. False when nothing is armed.
    bool advance(SteadyTime now);
    /// Timers that are armed.
    std::size_t size() const noexcept { return size_; }

private:
    friend class Timer;
    static constexpr std::size_t slots =
        512;  // 25.6 s a round of 50 ms ticks; later entries stay for another

    std::int64_t tick_of(SteadyTime at) const noexcept;
    void add_one();
    void link(Timer& timer);
    void unlink(Timer& timer) noexcept;
    void run_slot(std::size_t slot, SteadyTime now);

    std::array<Timer*, slots> heads_{};
    std::function<void()> on_first_;
    SteadyTime start_;
    std::chrono::nanoseconds tick_;
    std::int64_t current_ = 0;  ///< last tick that was run
    std::size_t size_ = 0;      ///< timers that are armed
    std::size_t links_ = 0;     ///< timers in slots, cancelled ones included
    Timer* cursor_ = nullptr;   ///< next entry of the slot being run
};

}  // namespace obliv::loop
