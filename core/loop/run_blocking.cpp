#include "core/loop/run_blocking.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/wait.hpp"

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

/// A task that is away. Shared with the pool, because the task may be destroyed meanwhile.
struct Away {
    Loop& home;
    Wait* wait = nullptr;  ///< null: nobody waits any more; touched at home only
    Result<void> queued;
};

class Awaiter {
public:
    explicit Awaiter(std::shared_ptr<Away> away) noexcept : away_(std::move(away)) {}
    ~Awaiter() { away_->wait = nullptr; }
    bool await_ready() const noexcept { return !away_->queued; }
    void await_suspend(std::coroutine_handle<> who) noexcept {
        wait_.who = who;
        away_->wait = &wait_;
    }
    Result<void> await_resume() const { return away_->queued; }

private:
    std::shared_ptr<Away> away_;
    Wait wait_;
};

}  // namespace

Task<Result<void>> run_there(BlockingPool& pool, std::function<void()> work) {
    auto* home = Loop::current();
    check(home != nullptr, "work is sent away from a loop");
    auto away = std::make_shared<Away>(Away{*home, nullptr, ok()});
    // The way home is posted: it cannot arrive before this task waits.
    auto come_home = [away] {
        if (auto* wait = std::exchange(away->wait, nullptr))
            away->home.resume_soon(*wait, true);
    };
    auto there = [work = std::move(work), away, come_home] {
        work();
        away->home.post(come_home);
    };
    away->queued = pool.post(std::move(there));
    Awaiter awaiter(away);
    co_return co_await awaiter;
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
