#include "core/loop/run_blocking.hpp"

#include "core/base/log.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <vector>

namespace obliv::loop {

struct BlockingPool::Parts {
    std::string name;
    std::size_t queue_max = 0;
    mutable std::mutex mutex;
    std::condition_variable wake;
    // Guarded by mutex.
    std::deque<std::function<void()>> queue;
    bool stopping = false;
    // Touched by the owner only.
    std::vector<std::thread> threads;

    void run();
};

void BlockingPool::Parts::run() {
    std::unique_lock lock(mutex);
    for (;;) {
        wake.wait(lock, [this] { return stopping || !queue.empty(); });
        if (queue.empty())
            return;
        auto work = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        try {
            work();
        } catch (const std::exception& error) {
            log::write(log::Level::err, "an exception reached a worker thread",
                       {{"pool", name}, {"what", std::string_view(error.what())}});
        }
        work = nullptr;  // what it captured dies outside the lock
        lock.lock();
    }
}

BlockingPool::BlockingPool(std::string name, std::size_t threads, std::size_t queue_max)
    : parts_(std::make_unique<Parts>()) {
    parts_->name = std::move(name);
    parts_->queue_max = queue_max;
    for (std::size_t i = 0; i < threads; ++i)
        parts_->threads.emplace_back([parts = parts_.get()] {
            pthread_setname_np(pthread_self(), parts->name.substr(0, 15).c_str());
            parts->run();
        });
}

BlockingPool::~BlockingPool() {
    stop();
}

Result<void> BlockingPool::post(std::function<void()> work) {
    {
        std::lock_guard lock(parts_->mutex);
        if (parts_->stopping)
            return fail(Code::unavailable, "the program is stopping");
        if (parts_->queue.size() >= parts_->queue_max)
            return fail(Code::overloaded, "too much work is waiting (" + parts_->name + ")");
        parts_->queue.push_back(std::move(work));
    }
    parts_->wake.notify_one();
    return ok();
}

void BlockingPool::stop() {
    {
        std::lock_guard lock(parts_->mutex);
        parts_->stopping = true;
    }
    parts_->wake.notify_all();
    for (auto& thread : parts_->threads)
        if (thread.joinable())
            thread.join();
}

std::size_t BlockingPool::queued() const {
    std::lock_guard lock(parts_->mutex);
    return parts_->queue.size();
}

const std::string& BlockingPool::name() const noexcept {
    return parts_->name;
}

namespace detail {
namespace {

/// Queues the work with a way home behind it. Asio's handlers move only and std::function copies,
/// hence the shared pointer.
template <typename Handler>
void start_there(Handler handler, BlockingPool& pool, std::function<void()> work) {
    auto executor = asio::get_associated_executor(handler);
    // Keeps the loop running while its coroutine is away.
    auto home = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto shared = std::make_shared<Handler>(std::move(handler));
    auto resume = [shared, home](Result<void> result) {
        asio::post(
            home, [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
    };
    auto there = [work = std::move(work), resume] {
        work();
        resume(ok());
    };
    if (auto queued = pool.post(std::move(there)); !queued)
        resume(queued.error());
}

}  // namespace

asio::awaitable<Result<void>> run_there(BlockingPool& pool, std::function<void()> work) {
    auto initiate = [&pool](auto handler, std::function<void()> job) {
        start_there(std::move(handler), pool, std::move(job));
    };
    auto there = asio::async_initiate<const asio::use_awaitable_t<>, void(Result<void>)>(
        std::move(initiate), asio::use_awaitable, std::move(work));
    co_return co_await std::move(there);
}

Error failed_with(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return fail(Code::internal, error.what());
    } catch (...) {
        return fail(Code::internal, "an exception of an unknown type");
    }
}

}  // namespace detail

}  // namespace obliv::loop
