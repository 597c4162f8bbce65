#pragma once

#include <coroutine>

namespace obliv::loop {

/// A place in the list of the tasks that a loop runs and nobody awaits.
struct RootLink {
    RootLink* previous = this;
    RootLink* next = this;
    std::coroutine_handle<> frame;

    RootLink() = default;
    RootLink(const RootLink&) = delete;
    RootLink& operator=(const RootLink&) = delete;
    ~RootLink() { unlink(); }

    bool alone() const noexcept { return next == this; }
    void link_behind(RootLink& head) noexcept {
        previous = &head;
        next = head.next;
        next->previous = this;
        head.next = this;
    }
    void unlink() noexcept {
        previous->next = next;
        next->previous = previous;
        previous = next = this;
    }
};

}  // namespace obliv::loop
