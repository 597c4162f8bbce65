#pragma once

#include "core/base/clock.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/timer_wheel.hpp"
#include "core/loop/wait.hpp"

namespace obliv::loop {

/// Something that one coroutine waits for and code of the same loop brings about, or a time.
class Event {
public:
    explicit Event(Loop& loop) noexcept : loop_(loop), timer_(loop.timers(), on_time, this) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    /// Ends the wait, or the next one at once.
    void notify() noexcept;

    class Awaiter {
    public:
        Awaiter(Event& event, SteadyTime until) noexcept : event_(event), until_(until) {}
        bool await_ready() const noexcept { return event_.notified_; }
        void await_suspend(std::coroutine_handle<> who);
        /// Whether it was notified; false: the time came first.
        bool await_resume() noexcept;

    private:
        Event& event_;
        SteadyTime until_;
        Wait wait_;
    };
    /// `co_await event.until(time)`. Time-outs are coarse: up to two ticks of 50 ms late.
    Awaiter until(SteadyTime time) noexcept { return {*this, time}; }

private:
    static void on_time(void* self);
    void end(bool notified) noexcept;

    Loop& loop_;
    Timer timer_;
    Wait* waiting_ = nullptr;
    bool notified_ = false;
};

}  // namespace obliv::loop
