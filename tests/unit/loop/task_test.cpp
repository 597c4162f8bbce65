#include "core/loop/task.hpp"

#include "core/loop/event.hpp"
#include "core/loop/spawn.hpp"
#include "core/loop/yield.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace obliv;
using namespace obliv::loop;

namespace {

/// The lowest and the highest place of the stack that has been seen.
struct Stack {
    std::uintptr_t lowest = UINTPTR_MAX;
    std::uintptr_t highest = 0;

    void look() {
        auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        lowest = std::min(lowest, here);
        highest = std::max(highest, here);
    }
    std::uintptr_t span() const { return highest - lowest; }
};

constexpr std::uintptr_t flat = 4096;

Task<int> at_once(Stack& stack, int value) {
    stack.look();
    co_return value;
}

Task<int> after_a_turn(Loop& loop, Stack& stack, int value) {
    co_await yield(loop);
    stack.look();
    co_return value;
}

Task<void> call_often(Stack& stack, std::int64_t& sum) {
    for (int i = 0; i < 1'000'000; ++i)
        sum += co_await at_once(stack, i);
}

Task<void> wait_often(Loop& loop, Stack& stack, std::int64_t& sum) {
    for (int i = 0; i < 10'000; ++i)
        sum += co_await after_a_turn(loop, stack, i);
}

/// Each level ends in the one above it, once the deepest has waited.
Task<int> descend(Loop& loop, Stack& stack, int depth) {
    if (depth == 0) {
        co_await yield(loop);
        co_return 0;
    }
    auto below = co_await descend(loop, stack, depth - 1);
    stack.look();
    co_return below + 1;
}

Task<void> keep_depth(Loop& loop, Stack& stack, int& depth) {
    depth = co_await descend(loop, stack, 1000);
}

Task<int> throw_here(Loop& loop, bool wait) {
    if (wait)
        co_await yield(loop);
    throw std::out_of_range("thrown below");
    co_return 0;
}

Task<int> pass_on(Loop& loop, bool wait) {
    auto value = co_await throw_here(loop, wait);
    co_return value + 1;
}

Task<void> catch_it(Loop& loop, bool wait, std::string& caught) {
    try {
        co_await pass_on(loop, wait);
    } catch (const std::out_of_range& error) {
        caught = error.what();
    }
}

Task<std::unique_ptr<int>> make_number() {
    co_return std::make_unique<int>(7);
}

Task<void> take_number(int& into) {
    auto number = co_await make_number();
    into = *number;
}

Task<void> await_ended(Result<void> given, Result<void>& seen) {
    auto task = ended(std::move(given));
    seen = co_await std::move(task);
}

/// Counts what is still alive, and tells an event of its own end.
struct Guest {
    int* alive;
    Event* tell = nullptr;

    explicit Guest(int& count, Event* event = nullptr) : alive(&count), tell(event) { ++count; }
    Guest(Guest&& other) noexcept : alive(std::exchange(other.alive, nullptr)), tell(other.tell) {}
    Guest& operator=(Guest&&) = delete;
    ~Guest() {
        if (alive == nullptr)
            return;
        --*alive;
        if (tell != nullptr)
            tell->notify();
    }
};

Task<void> wait_inside(Event& event, int& alive) {
    Guest guest(alive);
    co_await event.until(SteadyTime::max());
}

Task<void> wait_for_ever(Event& event, Guest guest) {
    auto& alive = *guest.alive;
    co_await wait_inside(event, alive);
}

/// What it does in the last turn of the loop would happen in the one after.
Task<void> stop_and_tell(Loop& loop, Event& told, Event& never, int& alive) {
    loop.stop();
    co_await yield(loop);
    told.notify();
    spawn(loop, wait_for_ever(never, Guest(alive)), "has not begun");
}

}  // namespace

TEST_CASE("a million tasks that end at once leave the stack as it was", "[loop]") {
    Loop loop(0);
    Stack stack;
    std::int64_t sum = 0;
    spawn(loop, call_often(stack, sum), "often");
    loop.run();
    CHECK(sum == 499'999'500'000);
    CHECK(stack.span() < flat);
}

TEST_CASE("tasks that wait are resumed from the same depth each time", "[loop]") {
    Loop loop(0);
    Stack stack;
    std::int64_t sum = 0;
    spawn(loop, wait_often(loop, stack, sum), "often");
    loop.run();
    CHECK(sum == 49'995'000);
    CHECK(stack.span() < flat);
}

TEST_CASE("a thousand calls that end one inside the other keep the stack flat", "[loop]") {
    Loop loop(0);
    Stack stack;
    int depth = 0;
    spawn(loop, keep_depth(loop, stack, depth), "deep");
    loop.run();
    CHECK(depth == 1000);
    CHECK(stack.span() < flat);
}

TEST_CASE("what a task throws is thrown where it is awaited, however deep", "[loop]") {
    Loop loop(0);
    std::string at_once, later;
    spawn(loop, catch_it(loop, false, at_once), "throws at once");
    spawn(loop, catch_it(loop, true, later), "throws later");
    loop.run();
    CHECK(at_once == "thrown below");
    CHECK(later == "thrown below");
}

TEST_CASE("a result that can only be moved comes through", "[loop]") {
    Loop loop(0);
    int number = 0;
    spawn(loop, take_number(number), "moves");
    loop.run();
    CHECK(number == 7);
}

TEST_CASE("a task that has ended already gives its result", "[loop]") {
    Loop loop(0);
    Result<void> good = fail(Code::internal, "not awaited");
    Result<void> bad = ok();
    spawn(loop, await_ended(ok(), good), "has succeeded");
    spawn(loop, await_ended(fail(Code::io, "the disk is full"), bad), "has failed");
    loop.run();
    CHECK(good.has_value());
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().code == Code::io);
    CHECK(bad.error().message == "the disk is full");
}

TEST_CASE("a loop runs a task that has ended already", "[loop]") {
    Loop loop(0);
    std::string told;
    auto done = [&told](const Result<void>& result) { told = result ? "well" : "badly"; };
    spawn(loop, ended(ok()), "has succeeded", done);
    loop.run();
    CHECK(told == "well");
}

TEST_CASE("a task that nobody awaits never runs", "[loop]") {
    Stack stack;
    {
        auto task = at_once(stack, 1);
        auto other = at_once(stack, 2);
        task = std::move(other);
    }
    CHECK(stack.highest == 0);
}

TEST_CASE("a loop that ends destroys its tasks and what they hold", "[loop]") {
    Loops loops(1);
    auto& loop = loops[0];
    Event never(loop);
    // The first two tell each other of their ends: whoever is told then may be gone.
    Event first(loop), second(loop), third(loop);
    int alive = 0;
    spawn(loop, wait_for_ever(first, Guest(alive, &second)), "waits");
    spawn(loop, wait_for_ever(second, Guest(alive, &first)), "waits");
    spawn(loop, wait_for_ever(third, Guest(alive)), "has been told and not yet gone on");
    loops.start();
    loops.on_each([](Loop&) {});
    loops.on_each([&](Loop&) { CHECK(alive == 6); });
    spawn(loop, stop_and_tell(loop, third, never, alive), "stops");
    loops.join();
    CHECK(alive == 0);
    second.notify();  // nobody is left to be told
}

TEST_CASE("a task is destroyed with a loop that never ran", "[loop]") {
    int alive = 0;
    Loop other(1);
    Event never(other);
    {
        Loop loop(0);
        spawn(loop, wait_for_ever(never, Guest(alive)), "waits");
        CHECK(alive == 1);
    }
    CHECK(alive == 0);
}

TEST_CASE("what a letter held may post while the loop ends", "[loop]") {
    bool ran = false;
    {
        Loop loop(0);
        auto post_again = [&loop, &ran](int* number) {
            delete number;
            loop.post([&ran] { ran = true; });
        };
        std::shared_ptr<int> held(new int(1), post_again);
        loop.post([held = std::move(held)] {});
    }
    CHECK_FALSE(ran);
}
