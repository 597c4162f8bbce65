#include "core/loop/loop.hpp"

#include "core/loop/spawn.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace obliv;
using namespace obliv::loop;
using namespace std::chrono_literals;

namespace {

loop::Task<Result<void>> fail_with(Error error) {
    co_return error;
}

loop::Task<Result<void>> throw_something() {
    throw std::runtime_error("thrown");
    co_return ok();
}

}  // namespace

TEST_CASE("on_each runs once on every loop and waits", "[loop]") {
    Loops loops(3);
    std::vector<std::atomic<int>> runs(3);
    auto mark = [&runs](Loop& loop) { ++runs[loop.index()]; };
    loops.on_each(mark);  // before they start: here
    loops.start();
    std::atomic<bool> at_home{true};
    loops.on_each([&](Loop& loop) {
        mark(loop);
        if (Loop::current() != &loop)
            at_home = false;
    });
    CHECK(at_home);
    // From many threads at once, as worker threads publish.
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 50; ++k)
                loops.on_each(mark);
        });
    for (auto& thread : threads)
        thread.join();
    for (auto& count : runs)
        CHECK(count == 202);
    loops.stop();
    loops.on_each(mark);
    loops.join();
    CHECK(runs[0] == 202);
}

TEST_CASE("what was posted before stop still runs", "[loop]") {
    Loops loops(1);
    loops.start();
    std::vector<int> order;
    for (int i = 0; i < 100; ++i)
        loops.post(0, [&order, i] { order.push_back(i); });
    loops.stop();
    loops.join();
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("an exception in a callback does not end the loop", "[loop]") {
    Loops loops(1);
    loops.start();
    loops.post(0, [] { throw std::runtime_error("from a callback"); });
    std::atomic<bool> later{false};
    loops.on_each([&later](Loop&) { later = true; });
    CHECK(later);
}

TEST_CASE("the wheel of a loop is driven by its clock", "[loop]") {
    Loop loop(0);
    struct Both {
        Loop* loop;
        bool fired = false;
    } both{&loop};
    Timer timer(
        loop.timers(), [](void* it) { static_cast<Both*>(it)->fired = true; }, &both);
    timer.arm(loop.now() + 60ms);
    loop.run();  // returns when nothing is left, which is after the timer
    CHECK(both.fired);
}

TEST_CASE("spawn reports how a coroutine ended", "[loop]") {
    Loop loop(0);
    std::vector<Code> ends;
    auto note = [&ends](const Result<void>& result) {
        ends.push_back(result ? Code::partial : result.error().code);
    };
    spawn(loop, fail_with(fail(Code::cancelled, "x")), "quiet", note);
    spawn(loop, throw_something(), "throws", note);
    loop.run();
    CHECK(ends == std::vector<Code>{Code::cancelled, Code::internal});
}

TEST_CASE("there is at least one usable CPU", "[loop]") {
    CHECK(usable_cpus() >= 1);
    CHECK(Loops().size() == usable_cpus());
}
