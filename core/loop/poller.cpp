#include "core/loop/poller.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/loop/task.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

namespace obliv::loop {
namespace {

constexpr int batch_max = 128;
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t free_max = 0;  // a watch that is kept can be used after its end
#else
constexpr std::size_t free_max = 256;
#endif

/// epoll_wait counts milliseconds, too coarse for the gaps between tokens; some sandboxes refuse
/// the call that counts nanoseconds.
int wait_for(int descriptor, epoll_event* events, std::chrono::nanoseconds span) {
    static thread_local bool fine = true;
    if (span.count() == 0 || span == std::chrono::nanoseconds::max())
        return ::epoll_wait(descriptor, events, batch_max, span.count() == 0 ? 0 : -1);
    if (fine) {
        timespec time{};
        time.tv_sec = static_cast<time_t>(span / std::chrono::seconds(1));
        time.tv_nsec = static_cast<long>((span % std::chrono::seconds(1)).count());
        int count = ::epoll_pwait2(descriptor, events, batch_max, &time, nullptr);
        if (count >= 0 || (errno != ENOSYS && errno != EPERM))
            return count;
        fine = false;
    }
    auto millis = std::chrono::ceil<std::chrono::milliseconds>(span).count();
    return ::epoll_wait(descriptor, events, batch_max,
                        static_cast<int>(std::min<std::int64_t>(millis, 60'000)));
}

void call(Watch& watch) {
    try {
        watch.hook(watch.owner);
    } catch (const std::exception& error) {
        // A callback that throws must not take every other connection of the loop with it.
        log::write(log::Level::err, "an exception reached the event loop",
                   {{"what", std::string_view(error.what())}});
    }
}

void go_on(Wait* wait) {
    wait->ready = true;
    resume(wait->who);
}

}  // namespace

struct Poller::Parts {
    int epoll = -1;
    int waker = -1;
    std::array<epoll_event, batch_max> events{};
    int count = 0;  // of the events that dispatch() has to tell
    // A batch may still tell of a watch that it has itself brought to its end.
    std::vector<Watch*> ended;
    Watch* free = nullptr;
    std::size_t free_count = 0;

    void tell(const epoll_event& event);
    void bury();
};

Poller::Poller() : parts_(std::make_unique<Parts>()) {
    parts_->epoll = ::epoll_create1(EPOLL_CLOEXEC);
    parts_->waker = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    check(parts_->epoll >= 0 && parts_->waker >= 0, "the kernel has descriptors for a loop");
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;
    int added = ::epoll_ctl(parts_->epoll, EPOLL_CTL_ADD, parts_->waker, &event);
    check(added == 0, "a loop can watch its own waker");
}

Poller::~Poller() {
    parts_->bury();
    while (parts_->free != nullptr)
        delete std::exchange(parts_->free, parts_->free->next_free);
    ::close(parts_->waker);
    ::close(parts_->epoll);
}

Watch* Poller::add(int descriptor) {
    auto* watch = parts_->free;
    if (watch != nullptr) {
        parts_->free = watch->next_free;
        --parts_->free_count;
        *watch = Watch{};
    } else {
        watch = new Watch;
    }
    watch->descriptor = descriptor;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = watch;
    if (::epoll_ctl(parts_->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0)
        return watch;
    delete watch;
    return nullptr;
}

void Poller::remove(Watch* watch, bool shared) {
    if (shared)
        ::epoll_ctl(parts_->epoll, EPOLL_CTL_DEL, watch->descriptor, nullptr);
    watch->closed = true;
    watch->reader = watch->writer = nullptr;
    watch->hook = nullptr;
    parts_->ended.push_back(watch);
}

void Poller::Parts::bury() {
    for (auto* watch : ended) {
        if (free_count >= free_max) {
            delete watch;
            continue;
        }
        watch->next_free = free;
        free = watch;
        ++free_count;
    }
    ended.clear();
}

void Poller::Parts::tell(const epoll_event& event) {
    auto& watch = *static_cast<Watch*>(event.data.ptr);
    constexpr std::uint32_t over = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    if (watch.closed)
        return;
    watch.hung_up = watch.hung_up || (event.events & over) != 0;
    if ((event.events & (EPOLLIN | over)) != 0)
        watch.readable = true;
    if ((event.events & (EPOLLOUT | over)) != 0)
        watch.writable = true;
    // Whoever is resumed may close the socket: look at the watch anew each time.
    if (watch.readable)
        if (auto* reader = std::exchange(watch.reader, nullptr))
            go_on(reader);
    if (watch.writable)
        if (auto* writer = std::exchange(watch.writer, nullptr))
            go_on(writer);
    if (watch.hook != nullptr)
        call(watch);
}

void Poller::wait(std::chrono::nanoseconds span) {
    parts_->count = wait_for(parts_->epoll, parts_->events.data(), span);
}

void Poller::dispatch() {
    auto& parts = *parts_;
    for (int i = 0; i < parts.count; ++i) {
        const auto& event = parts.events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
            std::uint64_t number = 0;
            [[maybe_unused]] auto read = ::read(parts.waker, &number, sizeof number);
        } else {
            parts.tell(event);
        }
    }
    if (!parts.ended.empty())
        parts.bury();
}

void Poller::wake() noexcept {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(parts_->waker, &one, sizeof one);
}

}  // namespace obliv::loop
