#pragma once

#include "core/base/clock.hpp"
#include "core/loop/blocks.hpp"
#include "core/loop/task.hpp"
#include "core/loop/timer_wheel.hpp"
#include "core/loop/wait.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace obliv::loop {

class Poller;
struct RootLink;

/// One thread's event loop and what the connections on it share. Everything but post() belongs to
/// that thread.
class Loop {
public:
    static constexpr std::size_t scratch_bytes = 64 * 1024;

    explicit Loop(std::size_t index);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    std::size_t index() const noexcept;
    TimerWheel& timers() noexcept;
    /// Ticks of a millisecond, for what imitates or makes load: time-outs belong into timers().
    TimerWheel& fine_timers() noexcept;
    BlockPool& blocks() noexcept;
    /// For bytes that are used up before the next suspension: whoever runs next overwrites it.
    std::span<char> scratch() noexcept;
    SteadyTime now() const noexcept { return real_clock().steady(); }
    /// The time when this turn of the loop began: free, and good enough to count time-outs from.
    SteadyTime turn_began() const noexcept;

    /// Runs `work` on the loop, in the order of the posts. From any thread.
    void post(std::function<void()> work);
    /// Runs on the calling thread until stop() or until nothing is left to do: no task, no timer,
    /// nothing posted. Tests and small programs; Loops does it for daemons.
    void run();
    /// Ends run() after what was posted before. From any thread.
    void stop();

    /// The loop whose thread this is, or null.
    static Loop* current() noexcept;

    // For the parts of a loop: sockets, events, spawn.
    Poller& poller() noexcept;
    /// Resumes who waits once whoever runs now has suspended, and tells whether it happened. Does
    /// nothing once the tasks are being destroyed: who waited may be gone already.
    void resume_soon(Wait& wait, bool ready);
    void start_soon(std::coroutine_handle<> root);
    RootLink& roots() noexcept;

private:
    friend class Loops;
    struct Parts;

    void drive(bool for_ever);
    /// Destroys the tasks that have not ended. What those refer to must still exist.
    void destroy_tasks() noexcept;

    std::unique_ptr<Parts> parts_;
};

/// The loops of a program and their threads. Post from anywhere; everything else from the thread
/// that owns it.
class Loops {
public:
    /// Zero means one per CPU that this process may run on.
    explicit Loops(std::size_t count = 0);
    ~Loops();
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    std::size_t size() const noexcept { return loops_.size(); }
    Loop& operator[](std::size_t index) noexcept { return *loops_[index]; }

    void start();
    /// Each loop ends after what was posted before. Idempotent.
    void stop();
    /// Waits for the threads, then destroys what they left behind: tasks that never ended and posts
    /// that never ran. What those refer to must still exist.
    void join();

    /// Runs `work` on loop `index`, in the order of the posts.
    void post(std::size_t index, std::function<void()> work);
    /// Runs `work` once on every loop and returns when all are done. Before start() it runs on the
    /// calling thread; after stop() not at all. Never from a loop's thread: two loops waiting for
    /// each other would wait for ever.
    void on_each(const std::function<void(Loop&)>& work);

private:
    struct Threads;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::unique_ptr<Threads> threads_;
};

/// How many CPUs the affinity mask of this process allows.
std::size_t usable_cpus() noexcept;

}  // namespace obliv::loop
