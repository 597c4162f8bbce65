#pragma once

#include "core/loop/loop.hpp"
#include "core/loop/wait.hpp"

namespace obliv::loop {

/// `co_await yield(loop)`: everybody else who is ready gets a turn first.
class Yield {
public:
    explicit Yield(Loop& loop) noexcept : loop_(loop) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) {
        wait_.who = who;
        loop_.resume_soon(wait_, true);
    }
    void await_resume() const noexcept {}

private:
    Loop& loop_;
    Wait wait_;
};

inline Yield yield(Loop& loop) noexcept {
    return Yield(loop);
}

}  // namespace obliv::loop
