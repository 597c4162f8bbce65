#include "core/loop/loop.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/loop/frames.hpp"
#include "core/loop/poller.hpp"
#include "core/loop/root.hpp"
#include "core/loop/task.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <latch>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <thread>
#include <utility>

namespace obliv::loop {
namespace {

thread_local Loop* current_loop = nullptr;

constexpr std::chrono::milliseconds fine_tick{1};

/// A wheel and when it has to be turned next; never, while there is nothing in it, so that a daemon
/// with nothing to do does not wake up.
struct Wheel {
    explicit Wheel(std::chrono::nanoseconds length)
        : tick(length), wheel(
                            real_clock().steady(),
                            [this] {
                                if (next == SteadyTime::max())
                                    next = real_clock().steady() + tick;
                            },
                            length) {}

    void turn(SteadyTime now) {
        if (now < next)
            return;
        next = SteadyTime::max();
        if (wheel.advance(now))
            next = now + tick;
    }

    std::chrono::nanoseconds tick;
    SteadyTime next = SteadyTime::max();
    TimerWheel wheel;
};

void run_guarded(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {
        // Work that throws must not take every connection of the loop with it.
        log::write(log::Level::err, "an exception reached the event loop",
                   {{"what", std::string_view(error.what())}});
    }
}

}  // namespace

struct Loop::Parts {
    explicit Parts(std::size_t at) : index(at) {}

    std::size_t index;
    BlockPool blocks;
    // Uninitialised: a page that is never written to costs nothing.
    std::unique_ptr<char[]> scratch = std::make_unique_for_overwrite<char[]>(scratch_bytes);
    Wheel coarse{TimerWheel::tick};
    Wheel fine{fine_tick};
    Poller poller;
    RootLink roots;
    bool stopping = false;
    bool taken_down = false;
    SteadyTime turn_began = real_clock().steady();
    SteadyTime tidy_at = turn_began;
    std::vector<std::coroutine_handle<>> ready;
    std::vector<std::coroutine_handle<>> running;

    std::atomic<bool> has_mail{false};
    std::mutex mutex;
    // Guarded by mutex.
    std::vector<std::function<void()>> mail;

    void run_ready();
    std::vector<std::function<void()>> take_mail();
    void read_mail();
    void tidy() noexcept;
    std::chrono::nanoseconds rest() const noexcept;
    bool idle() const noexcept {
        return roots.alone() && coarse.wheel.size() == 0 && fine.wheel.size() == 0;
    }
};

Loop::Loop(std::size_t index) : parts_(std::make_unique<Parts>(index)) {}

Loop::~Loop() {
    destroy_tasks();
}

std::size_t Loop::index() const noexcept {
    return parts_->index;
}

SteadyTime Loop::turn_began() const noexcept {
    return current_loop == this ? parts_->turn_began : now();
}

TimerWheel& Loop::timers() noexcept {
    return parts_->coarse.wheel;
}

TimerWheel& Loop::fine_timers() noexcept {
    return parts_->fine.wheel;
}

BlockPool& Loop::blocks() noexcept {
    return parts_->blocks;
}

Poller& Loop::poller() noexcept {
    return parts_->poller;
}

RootLink& Loop::roots() noexcept {
    return parts_->roots;
}

std::span<char> Loop::scratch() noexcept {
    return {parts_->scratch.get(), scratch_bytes};
}

void Loop::resume_soon(Wait& wait, bool ready) {
    if (parts_->taken_down)
        return;
    wait.ready = ready;
    parts_->ready.push_back(wait.who);
}

void Loop::start_soon(std::coroutine_handle<> root) {
    parts_->ready.push_back(root);
}

void Loop::post(std::function<void()> work) {
    bool first = false;
    {
        std::lock_guard lock(parts_->mutex);
        parts_->mail.push_back(std::move(work));
        first = !parts_->has_mail.exchange(true);
    }
    // The loop looks for mail itself before it goes to sleep.
    if (first && current_loop != this)
        parts_->poller.wake();
}

void Loop::stop() {
    post([this] { parts_->stopping = true; });
}

void Loop::run() {
    drive(false);
}

void Loop::Parts::run_ready() {
    // What becomes ready meanwhile waits for the next round: sockets get their turn in between.
    running.swap(ready);
    for (auto each : running)
        resume(each);
    running.clear();
}

std::vector<std::function<void()>> Loop::Parts::take_mail() {
    std::vector<std::function<void()>> letters;
    std::lock_guard lock(mutex);
    letters.swap(mail);
    has_mail.store(false, std::memory_order_release);
    return letters;
}

void Loop::Parts::read_mail() {
    if (!has_mail.load(std::memory_order_acquire))
        return;
    for (auto& letter : take_mail())
        run_guarded(std::exchange(letter, nullptr));
}

/// Gives back what a burst has left behind, once its second is over.
void Loop::Parts::tidy() noexcept {
    if (turn_began < tidy_at)
        return;
    tidy_at = turn_began + std::chrono::seconds(1);
    tidy_frames();
    blocks.tidy();
}

/// How long the next wait may be: to the next turn of a wheel.
std::chrono::nanoseconds Loop::Parts::rest() const noexcept {
    auto until = std::min(coarse.next, fine.next);
    if (until == SteadyTime::max())
        return std::chrono::nanoseconds::max();
    // Time-outs may be late by as long as this turn has taken, which saves asking for the time.
    auto from = fine.next == SteadyTime::max() ? turn_began : real_clock().steady();
    return std::max(until - from, std::chrono::nanoseconds(0));
}

void Loop::drive(bool for_ever) {
    auto* outer = std::exchange(current_loop, this);
    auto& parts = *parts_;
    parts.stopping = false;
    parts.turn_began = now();
    while (true) {
        parts.read_mail();
        parts.run_ready();
        parts.coarse.turn(parts.turn_began);
        parts.fine.turn(parts.turn_began);
        parts.tidy();
        bool busy = !parts.ready.empty() || parts.has_mail.load(std::memory_order_acquire);
        if (parts.stopping || (!for_ever && !busy && parts.idle()))
            break;
        parts.poller.wait(busy ? std::chrono::nanoseconds(0) : parts.rest());
        parts.turn_began = now();
        parts.poller.dispatch();
    }
    current_loop = outer;
}

void Loop::destroy_tasks() noexcept {
    parts_->taken_down = true;
    parts_->ready.clear();
    while (!parts_->roots.alone())
        parts_->roots.next->frame.destroy();
    // What a letter holds may post again when it is destroyed: never under the lock.
    for (auto letters = parts_->take_mail(); !letters.empty(); letters = parts_->take_mail())
        letters.clear();
}

Loop* Loop::current() noexcept {
    return current_loop;
}

struct Loops::Threads {
    enum class State { fresh, running, stopped };

    std::mutex mutex;  // guards everything here, and the order of posts against stop()
    State state = State::fresh;
    std::vector<std::thread> threads;
};

Loops::Loops(std::size_t count) : threads_(std::make_unique<Threads>()) {
    if (count == 0)
        count = usable_cpus();
    for (std::size_t i = 0; i < count; ++i)
        loops_.push_back(std::make_unique<Loop>(i));
}

Loops::~Loops() {
    stop();
    join();
}

void Loops::start() {
    std::lock_guard lock(threads_->mutex);
    check(threads_->state == Threads::State::fresh, "loops are started once");
    threads_->state = Threads::State::running;
    for (auto& loop : loops_) {
        threads_->threads.emplace_back([target = loop.get()] {
            auto name = "loop " + std::to_string(target->index());
            pthread_setname_np(pthread_self(), name.c_str());
            target->drive(true);
        });
    }
}

void Loops::stop() {
    std::lock_guard lock(threads_->mutex);
    if (threads_->state == Threads::State::running)
        for (auto& loop : loops_)
            loop->stop();
    threads_->state = Threads::State::stopped;
}

void Loops::join() {
    for (auto& thread : threads_->threads)
        if (thread.joinable())
            thread.join();
    for (auto& loop : loops_)
        loop->destroy_tasks();
}

void Loops::post(std::size_t index, std::function<void()> work) {
    loops_[index]->post(std::move(work));
}

void Loops::on_each(const std::function<void(Loop&)>& work) {
    check(Loop::current() == nullptr, "on_each is not called from a loop");
    std::latch done(static_cast<std::ptrdiff_t>(loops_.size()));
    {
        // Under the lock, so that each post comes before the stop of its loop and is sure to run.
        std::lock_guard lock(threads_->mutex);
        if (threads_->state == Threads::State::stopped)
            return;
        for (auto& loop : loops_) {
            auto once = [&work, &done, target = loop.get()] {
                try {
                    work(*target);
                } catch (const std::exception& error) {
                    log::write(log::Level::err, "an exception reached the event loop",
                               {{"what", std::string_view(error.what())}});
                }
                done.count_down();
            };
            if (threads_->state == Threads::State::running)
                loop->post(once);
            else
                once();
        }
    }
    done.wait();
}

std::size_t usable_cpus() noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    auto count = CPU_COUNT(&set);
    return count > 0 ? static_cast<std::size_t>(count) : 1;
}

}  // namespace obliv::loop
