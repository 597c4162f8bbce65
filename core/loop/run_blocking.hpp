#pragma once

#include "core/base/result.hpp"
#include "core/loop/task.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>

namespace obliv::loop {

/// Threads for work that takes longer than a millisecond or waits. Its queue is bounded. From any
/// thread; stop it before the loops that wait for it are destroyed.
class BlockingPool {
public:
    BlockingPool(std::string name, std::size_t threads, std::size_t queue_max);
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// Queues `work`, or answers `Code::overloaded` when the queue is full, `Code::unavailable`
    /// after stop().
    Result<void> post(std::function<void()> work);
    /// Finishes what is queued and ends the threads. Idempotent.
    void stop();
    std::size_t queued() const;
    const std::string& name() const noexcept;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

namespace detail {

template <typename T>
struct AsResult {
    using type = Result<T>;
};
template <typename T>
struct AsResult<Result<T>> {
    using type = Result<T>;
};

/// Runs `work` on the pool and resumes where the caller was.
Task<Result<void>> run_there(BlockingPool& pool, std::function<void()> work);
Error failed_with(std::exception_ptr thrown);

}  // namespace detail

/// Runs `work()` on the pool and comes home to the loop with what it returned, as a Result. A full
/// queue is `Code::overloaded`; an exception is `Code::internal`. `work` is copied or moved to the
/// pool: capture values, and name it on the line above (STYLE: nothing built inside co_await).
template <typename F>
auto run_blocking(BlockingPool& pool, F work)
    -> Task<typename detail::AsResult<std::invoke_result_t<F&>>::type> {
    using R = typename detail::AsResult<std::invoke_result_t<F&>>::type;
    // Shared, because the coroutine may be destroyed while the pool still runs the work.
    struct Shared {
        F work;
        R result;
    };
    auto shared = std::make_shared<Shared>(Shared{std::move(work), R()});
    std::function<void()> job = [shared] {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
                shared->work();
                shared->result = ok();
            } else {
                shared->result = shared->work();
            }
        } catch (...) {
            shared->result = detail::failed_with(std::current_exception());
        }
    };
    auto ran = co_await detail::run_there(pool, std::move(job));
    if (!ran)
        co_return ran.error();
    co_return std::move(shared->result);
}

}  // namespace obliv::loop
