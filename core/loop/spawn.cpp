#include "core/loop/spawn.hpp"

#include "core/base/log.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/root.hpp"

#include <exception>
#include <memory>

namespace obliv::loop {
namespace {

Error from_exception(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return fail(Code::internal, error.what());
    } catch (...) {
        return fail(Code::internal, "an exception of an unknown type");
    }
}

void log_failure(const char* what, const Error& error) {
    if (error.code != Code::cancelled)
        log::write(log::Level::warning, "a background task failed",
                   {{"task", std::string_view(what)}, {"error", error.message}});
}

/// A coroutine that belongs to its loop: it destroys itself at its end, and the loop destroys it
/// if that never comes.
struct Root {
    struct promise_type : InFrames {
        template <typename... Rest>
        explicit promise_type(Loop& loop, const Rest&...) noexcept {
            link.frame = std::coroutine_handle<promise_type>::from_promise(*this);
            link.link_behind(loop.roots());
        }
        Root get_return_object() const noexcept { return {link.frame}; }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }

        RootLink link;
    };
    std::coroutine_handle<> frame;
};

Root run(Loop&, Task<Result<void>> work, const char* what) {
    Result<void> result;
    try {
        result = co_await std::move(work);
    } catch (...) {
        result = from_exception(std::current_exception());
    }
    if (!result)
        log_failure(what, result.error());
}

Task<Result<void>> tell(Task<Result<void>> work, std::function<void(const Result<void>&)> done) {
    Result<void> result;
    try {
        result = co_await std::move(work);
    } catch (...) {
        result = from_exception(std::current_exception());
    }
    done(result);
    co_return result;
}

Task<Result<void>> with_result(Task<void> work) {
    co_await std::move(work);
    co_return ok();
}

}  // namespace

void spawn(Loop& loop, Task<Result<void>> work, const char* what) {
    if (Loop::current() == &loop)
        return loop.start_soon(run(loop, std::move(work), what).frame);
    // The list of tasks is the loop's own. std::function copies, hence the shared pointer.
    auto shared = std::make_shared<Task<Result<void>>>(std::move(work));
    loop.post(
        [&loop, shared, what] { loop.start_soon(run(loop, std::move(*shared), what).frame); });
}

void spawn(Loop& loop, Task<void> work, const char* what) {
    spawn(loop, with_result(std::move(work)), what);
}

void spawn(Loop& loop, Task<Result<void>> work, const char* what,
           std::function<void(const Result<void>&)> done) {
    spawn(loop, tell(std::move(work), std::move(done)), what);
}

}  // namespace obliv::loop
