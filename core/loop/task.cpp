#include "core/loop/task.hpp"

namespace obliv::loop {
namespace {

thread_local std::coroutine_handle<> next;

}  // namespace

void resume(std::coroutine_handle<> suspended) {
    while (suspended) {
        next = nullptr;
        suspended.resume();
        suspended = std::exchange(next, nullptr);
    }
}

void detail::resume_next(std::coroutine_handle<> waiter) noexcept {
    next = waiter;
}

Task<Result<void>> detail::failed(Result<void> result) {
    co_return result;
}

}  // namespace obliv::loop
