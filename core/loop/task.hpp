#pragma once

#include "core/base/result.hpp"
#include "core/loop/frames.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>
#include <variant>

namespace obliv::loop {

template <typename T>
class Task;

/// Runs a suspended coroutine, then whoever waits for its end, and so on up. The only way in which
/// anything is resumed: a finished coroutine names the next one and returns, so that the stack
/// stays flat however many calls end one inside the other, with or without optimisation.
void resume(std::coroutine_handle<> suspended);

namespace detail {

/// For resume(): what it runs next.
void resume_next(std::coroutine_handle<> waiter) noexcept;

class PromiseBase : public InFrames {
public:
    struct Finished {
        bool await_ready() const noexcept { return false; }
        template <typename Promise>
        void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            if (auto waiter = self.promise().waiter_)
                resume_next(waiter);
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    Finished final_suspend() const noexcept { return {}; }
    void wake(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }

private:
    std::coroutine_handle<> waiter_;  ///< null until whoever waits has been suspended
};

template <typename T>
class Promise final : public PromiseBase {
public:
    Task<T> get_return_object() noexcept;
    template <typename U>
    void return_value(U&& value) {
        outcome_.template emplace<T>(std::forward<U>(value));
    }
    void unhandled_exception() noexcept {
        outcome_.template emplace<std::exception_ptr>(std::current_exception());
    }
    T take() {
        if (auto* thrown = std::get_if<std::exception_ptr>(&outcome_))
            std::rethrow_exception(*thrown);
        return std::move(*std::get_if<T>(&outcome_));
    }

private:
    std::variant<std::monostate, T, std::exception_ptr> outcome_;
};

template <>
class Promise<void> final : public PromiseBase {
public:
    Task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
    void take() const {
        if (thrown_)
            std::rethrow_exception(thrown_);
    }

private:
    std::exception_ptr thrown_;
};

}  // namespace detail

/// A coroutine that runs when it is awaited, on the thread that awaits it, and gives its result to
/// whoever does. One that never has to wait costs a call and no suspension. Destroying a task that
/// has not ended destroys what it waits for: that is how a loop takes its connections down.
/// What it throws is thrown where it is awaited. What mostly need not wait is better no coroutine:
/// it gives ended() then, and calls the coroutine only where there is something to wait for.
template <typename T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Task() {
        if (handle_)
            handle_.destroy();
    }

    class Awaiter {
    public:
        explicit Awaiter(Handle handle) noexcept : handle_(handle) {}
        bool await_ready() const {
            if (may_lack_frame && !handle_)
                return true;
            handle_.resume();
            return handle_.done();
        }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept {
            handle_.promise().wake(waiter);
        }
        T await_resume() const {
            if constexpr (may_lack_frame)
                if (!handle_)
                    return ok();
            return handle_.promise().take();
        }

    private:
        Handle handle_;
    };
    Awaiter operator co_await() && noexcept { return Awaiter(handle_); }

private:
    friend class detail::Promise<T>;
    friend Task<Result<void>> ended(Result<void> result);
    /// Success needs none.
    static constexpr bool may_lack_frame = std::same_as<T, Result<void>>;
    explicit Task(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

namespace detail {

Task<Result<void>> failed(Result<void> result);

}  // namespace detail

/// A task that has ended already. One that has succeeded costs nothing at all.
inline Task<Result<void>> ended(Result<void> result) {
    return result ? Task<Result<void>>(nullptr) : detail::failed(std::move(result));
}

namespace detail {

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
    return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
    return Task<void>(Task<void>::Handle::from_promise(*this));
}

}  // namespace detail

}  // namespace obliv::loop
