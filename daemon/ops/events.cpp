#include "daemon/ops/events.hpp"

#include "core/base/check.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <deque>
#include <future>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace obliv::ops {
namespace {

constexpr auto verdict_wait = std::chrono::seconds(30);

ReloadVerdict stopping() {
    return fail(Code::unavailable, "the daemon is stopping");
}

sigset_t our_signals() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

/// Requests of other threads. Shared, because one may still wait when the process takes its parts
/// down.
struct ProcessEvents::Queue {
    std::mutex mutex;
    std::deque<Event> events;  // guarded by mutex
    bool closed = false;       // guarded by mutex
    int wake = -1;

    ~Queue() { ::close(wake); }

    bool push(Event event) {
        std::lock_guard lock(mutex);
        if (closed)
            return false;
        events.push_back(std::move(event));
        ::eventfd_write(wake, 1);
        return true;
    }

    Event pop() {
        std::lock_guard lock(mutex);
        if (events.empty())
            return {};
        auto event = std::move(events.front());
        events.pop_front();
        return event;
    }
};

ProcessEvents::ProcessEvents() : queue_(std::make_shared<Queue>()), signals_(-1) {
    auto set = our_signals();
    check(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0, "signals can be blocked");
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    queue_->wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    check(signals_ >= 0, "the first descriptors of a process can be had");
    check(queue_->wake >= 0, "the first descriptors of a process can be had");
}

ProcessEvents::~ProcessEvents() {
    close();
    ::close(signals_);
}

Event ProcessEvents::wait(std::chrono::milliseconds at_most) {
    if (auto event = queue_->pop(); event.kind != Event::Kind::none)
        return event;
    std::array waiting{pollfd{signals_, POLLIN, 0}, pollfd{queue_->wake, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(at_most.count())) <= 0)
        return {};
    eventfd_t count = 0;
    ::eventfd_read(queue_->wake, &count);
    signalfd_siginfo signal{};
    if (::read(signals_, &signal, sizeof signal) == sizeof signal)
        return {signal.ssi_signo == SIGHUP ? Event::Kind::reload : Event::Kind::stop};
    return queue_->pop();
}

void ProcessEvents::close() noexcept {
    std::deque<Event> left;
    {
        std::lock_guard lock(queue_->mutex);
        queue_->closed = true;
        left.swap(queue_->events);
    }
    for (auto& event : left)
        if (event.answer)
            event.answer(stopping());
}

void ProcessEvents::request_stop() {
    static_cast<void>(queue_->push({Event::Kind::stop}));
}

ReloadVerdict ProcessEvents::request_reload() {
    auto promise = std::make_shared<std::promise<ReloadVerdict>>();
    auto verdict = promise->get_future();
    auto answer = [promise](ReloadVerdict outcome) { promise->set_value(std::move(outcome)); };
    if (!queue_->push({Event::Kind::reload, answer}))
        return stopping();
    if (verdict.wait_for(verdict_wait) != std::future_status::ready)
        return fail(Code::timeout, "the reload did not end within 30 s; the log tells its outcome");
    return verdict.get();
}

}  // namespace obliv::ops
