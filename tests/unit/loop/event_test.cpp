#include "core/loop/event.hpp"

#include "core/loop/spawn.hpp"
#include "core/loop/yield.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace obliv;
using namespace obliv::loop;
using namespace std::chrono_literals;

namespace {

Task<void> wait_once(Event& event, SteadyTime until, std::vector<bool>& answers) {
    answers.push_back(co_await event.until(until));
}

Task<void> notify_soon(Loop& loop, Event& event, int times) {
    co_await yield(loop);
    for (int i = 0; i < times; ++i)
        event.notify();
}

/// Two waits: the first is ended by its time, and what is told afterwards belongs to the second.
Task<void> wait_twice(Loop& loop, Event& event, std::vector<bool>& answers) {
    answers.push_back(co_await event.until(loop.now()));
    event.notify();
    co_await yield(loop);
    answers.push_back(co_await event.until(SteadyTime::max()));
    answers.push_back(co_await event.until(loop.now()));
}

Task<void> take_turns(Loop& loop, char name, std::string& order) {
    for (int i = 0; i < 3; ++i) {
        order += name;
        co_await yield(loop);
    }
}

}  // namespace

TEST_CASE("an event that was told before it is awaited is no wait", "[loop]") {
    Loop loop(0);
    Event event(loop);
    std::vector<bool> answers;
    event.notify();
    event.notify();  // twice is once
    spawn(loop, wait_once(event, SteadyTime::max(), answers), "told");
    loop.run();
    CHECK(answers == std::vector<bool>{true});
    spawn(loop, wait_once(event, loop.now(), answers), "not told");
    loop.run();
    CHECK(answers == std::vector<bool>{true, false});
}

TEST_CASE("an event ends the wait for it, and its time-out with it", "[loop]") {
    Loop loop(0);
    Event event(loop);
    std::vector<bool> answers;
    spawn(loop, wait_once(event, loop.now() + 1h, answers), "waits");
    spawn(loop, notify_soon(loop, event, 2), "tells");
    loop.run();  // would not return for an hour if the timer were left
    CHECK(answers == std::vector<bool>{true});
    CHECK(loop.timers().size() == 0);
}

TEST_CASE("a time-out ends the wait, and the next one is a new one", "[loop]") {
    Loop loop(0);
    Event event(loop);
    std::vector<bool> answers;
    spawn(loop, wait_twice(loop, event, answers), "waits");
    loop.run();
    CHECK(answers == std::vector<bool>{false, true, false});
}

TEST_CASE("who yields lets everybody else run first", "[loop]") {
    Loop loop(0);
    std::string order;
    spawn(loop, take_turns(loop, 'a', order), "a");
    spawn(loop, take_turns(loop, 'b', order), "b");
    loop.run();
    CHECK(order == "ababab");
}

TEST_CASE("what one thread posts runs in its order, whoever else posts", "[loop]") {
    constexpr std::size_t threads = 4;
    constexpr int posts = 2000;
    Loops loops(1);
    loops.start();
    std::vector<std::vector<int>> seen(threads);
    std::vector<std::thread> posting;
    for (auto& mine : seen)
        posting.emplace_back([&loops, &mine] {
            for (int i = 0; i < posts; ++i)
                loops.post(0, [&mine, i] { mine.push_back(i); });
        });
    for (auto& thread : posting)
        thread.join();
    loops.stop();
    loops.join();
    for (const auto& mine : seen) {
        REQUIRE(mine.size() == posts);
        CHECK(std::is_sorted(mine.begin(), mine.end()));
    }
}

TEST_CASE("a task spawned from another thread runs on its loop", "[loop]") {
    Loops loops(2);
    Event event(loops[1]);
    std::vector<bool> answers;
    spawn(loops[1], wait_once(event, SteadyTime::max(), answers), "waits there");
    loops.start();
    loops.post(1, [&event] { event.notify(); });
    loops.on_each([](Loop&) {});
    loops.on_each([](Loop&) {});  // the turn after the news
    loops.stop();
    loops.join();
    CHECK(answers == std::vector<bool>{true});
}
