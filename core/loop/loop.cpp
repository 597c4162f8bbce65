#include "core/loop/loop.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <latch>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <thread>

namespace obliv::loop {
namespace {

thread_local Loop* current_loop = nullptr;

/// An io_context whose pending handlers can be destroyed while its services still stand.
class Context : public asio::io_context {
public:
    using asio::execution_context::shutdown;
    using asio::io_context::io_context;
};

}  // namespace

// Blocks and wheel come before the context: handlers it destroys may still hold both.
struct Loop::Parts {
    Parts(std::size_t at, std::function<void()> on_first)
        : index(at), wheel(real_clock().steady(), std::move(on_first)) {}

    std::size_t index;
    BlockPool blocks;
    TimerWheel wheel;
    std::unique_ptr<char[]> scratch;
    Context context{1};
    asio::steady_timer ticker{context};
    bool ticking = false;
};

Loop::Loop(std::size_t index)
    : parts_(std::make_unique<Parts>(index, [this] { keep_ticking(); })) {}

Loop::~Loop() = default;

std::size_t Loop::index() const noexcept {
    return parts_->index;
}

asio::io_context& Loop::context() noexcept {
    return parts_->context;
}

asio::any_io_executor Loop::executor() {
    return parts_->context.get_executor();
}

TimerWheel& Loop::timers() noexcept {
    return parts_->wheel;
}

BlockPool& Loop::blocks() noexcept {
    return parts_->blocks;
}

std::span<char> Loop::scratch() noexcept {
    if (!parts_->scratch)
        parts_->scratch.reset(new char[scratch_bytes]);  // uninitialised, unlike make_unique
    return {parts_->scratch.get(), scratch_bytes};
}

void Loop::post(std::function<void()> work) {
    asio::post(parts_->context, std::move(work));
}

void Loop::stop() {
    post([this] { parts_->context.stop(); });
}

void Loop::run() {
    parts_->context.restart();
    drive();
}

void Loop::drive() {
    auto* outer = std::exchange(current_loop, this);
    for (;;) {
        try {
            parts_->context.run();
            break;
        } catch (const std::exception& error) {
            // A callback that throws must not take every other connection of the loop with it.
            log::write(log::Level::err, "an exception reached the event loop",
                       {{"what", std::string_view(error.what())}});
        }
    }
    current_loop = outer;
}

Loop* Loop::current() noexcept {
    return current_loop;
}

/// The only real timer of a loop: runs while there is anything in the wheel, so that a daemon with
/// nothing to do does not wake up.
void Loop::keep_ticking() {
    if (parts_->ticking)
        return;
    parts_->ticking = true;
    parts_->ticker.expires_after(TimerWheel::tick);
    parts_->ticker.async_wait([this](boost::system::error_code error) {
        parts_->ticking = false;
        if (!error && parts_->wheel.advance(now()))
            keep_ticking();
    });
}

struct Loops::Threads {
    using Guard = asio::executor_work_guard<asio::io_context::executor_type>;
    enum class State { fresh, running, stopped };

    std::mutex mutex;  // guards everything here, and the order of posts against stop()
    State state = State::fresh;
    std::vector<Guard> guards;
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
        threads_->guards.emplace_back(loop->context().get_executor());
        threads_->threads.emplace_back([target = loop.get()] {
            auto name = "loop " + std::to_string(target->index());
            pthread_setname_np(pthread_self(), name.c_str());
            target->drive();
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
        loop->parts_->context.shutdown();
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
