#pragma once

#include "core/base/clock.hpp"
#include "core/loop/wait.hpp"

#include <cstdint>
#include <memory>

namespace obliv::loop {

/// What the kernel has told about one descriptor, and who wants to know. Edge-triggered: each flag
/// stays up until a system call finds out that there is no more.
struct Watch {
    using Hook = void (*)(void* owner);

    int descriptor = -1;
    bool readable = false;
    bool writable = false;
    bool hung_up = false;  ///< the other side sends no more, or the connection is broken
    bool closed = false;
    Wait* reader = nullptr;
    Wait* writer = nullptr;
    /// Called for news of either kind, after who waits for them.
    Hook hook = nullptr;
    void* owner = nullptr;
    Watch* next_free = nullptr;
};

/// The epoll descriptor of one loop. Each socket is registered once, for everything, when it first
/// has to wait, and never again: a request on kept connections costs no call but its reads and
/// writes.
class Poller {
public:
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Null when the kernel has no room.
    Watch* add(int descriptor);
    /// Whoever waits is forgotten, and nobody is told of what is still to come. The watch is gone
    /// when dispatch() has returned. `shared`: the descriptor has copies, with which the kernel
    /// would go on watching.
    void remove(Watch* watch, bool shared);

    /// Waits for news, at most for `span`: zero only looks, nanoseconds::max() is for ever.
    void wait(std::chrono::nanoseconds span);
    /// Resumes who waits for what wait() has brought.
    void dispatch();
    /// Ends a wait(), or the next one. From any thread.
    void wake() noexcept;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace obliv::loop
