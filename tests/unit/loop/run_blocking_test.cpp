#include "core/loop/run_blocking.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

using namespace obliv;
using namespace obliv::loop;

namespace {

template <typename T>
loop::Task<Result<void>> keep(loop::Task<Result<T>> work, Result<T>& into) {
    into = co_await std::move(work);
    co_return ok();
}

template <typename T>
Result<T> run(Loop& loop, loop::Task<Result<T>> work) {
    Result<T> result;
    spawn(loop, keep(std::move(work), result), "test");
    loop.run();
    return result;
}

/// A gate that worker threads wait at until the test opens it.
struct Gate {
    void wait() {
        std::unique_lock lock(mutex);
        ++waiting;
        changed.notify_all();
        changed.wait(lock, [this] { return open; });
    }
    void wait_for(int count) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, std::chrono::seconds(5), [&] { return waiting >= count; });
    }
    void release() {
        std::lock_guard lock(mutex);
        open = true;
        changed.notify_all();
    }
    std::mutex mutex;
    std::condition_variable changed;
    int waiting = 0;
    bool open = false;
};

loop::Task<Result<std::string>> where(BlockingPool& pool) {
    auto loop_thread = std::this_thread::get_id();
    auto ask = [] { return std::this_thread::get_id(); };
    auto there = co_await run_blocking(pool, std::move(ask));
    if (!there)
        co_return there.error();
    bool home = std::this_thread::get_id() == loop_thread;
    co_return std::string(*there != loop_thread && home ? "away and home" : "wrong thread");
}

loop::Task<Result<int>> failing(BlockingPool& pool) {
    auto work = []() -> Result<int> { return fail(Code::io, "disk"); };
    co_return co_await run_blocking(pool, std::move(work));
}

loop::Task<Result<void>> throwing(BlockingPool& pool) {
    auto work = [] { throw std::runtime_error("boom"); };
    co_return co_await run_blocking(pool, std::move(work));
}

loop::Task<Result<void>> nothing(BlockingPool& pool) {
    auto work = [] {};
    co_return co_await run_blocking(pool, std::move(work));
}

}  // namespace

TEST_CASE("work runs away from the loop and comes home", "[loop]") {
    Loop loop(0);
    BlockingPool pool("worker", 2, 8);
    CHECK(run(loop, where(pool)).value() == "away and home");
    CHECK(run(loop, nothing(pool)));
    auto failed = run(loop, failing(pool));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::io);
    auto thrown = run(loop, throwing(pool));
    REQUIRE_FALSE(thrown);
    CHECK(thrown.error().code == Code::internal);
    CHECK(thrown.error().message == "boom");
}

TEST_CASE("a full queue refuses at once and a stopped pool for good", "[loop]") {
    Loop loop(0);
    Gate gate;
    BlockingPool pool("worker", 1, 1);
    REQUIRE(pool.post([&gate] { gate.wait(); }));
    gate.wait_for(1);
    REQUIRE(pool.post([] {}));
    CHECK(pool.queued() == 1);
    auto refused = run(loop, nothing(pool));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::overloaded);
    gate.release();
    pool.stop();
    CHECK(pool.queued() == 0);
    auto late = run(loop, nothing(pool));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Code::unavailable);
}

TEST_CASE("a loop may end while its work is away", "[loop]") {
    Gate gate;
    BlockingPool pool("worker", 1, 4);
    auto data = std::make_shared<int>(7);
    std::weak_ptr<int> alive = data;
    {
        Loops loops(1);
        loops.start();
        auto start = [&] { spawn(loops[0], nothing(pool), "waits behind the gate"); };
        REQUIRE(pool.post([&gate, held = std::move(data)] { gate.wait(); }));
        gate.wait_for(1);
        loops.on_each([&start](Loop&) { start(); });
        loops.stop();
        loops.join();
        gate.release();
        pool.stop();
    }
    CHECK(alive.expired());
}
