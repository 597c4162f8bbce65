#include "daemon/notices/outlet.hpp"

#include "core/base/log.hpp"

#include <algorithm>

namespace obliv::notices {

using std::chrono::steady_clock;

Outlet::Outlet(std::string name, Deliver deliver, Patience patience)
    : name_(std::move(name)), deliver_(std::move(deliver)), patience_(patience),
      thread_([this] { run(); }) {}

Outlet::~Outlet() {
    stop();
}

void Outlet::put(const Notice& notice) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_ || waiting_.size() >= patience_.waiting_max)
            return lose(notice, stopping_ ? "the daemon is stopping" : "too many wait already");
        waiting_.push_back({notice, steady_clock::now(), 0});
    }
    wake_.notify_one();
}

void Outlet::end_soon() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
}

void Outlet::stop() {
    end_soon();
    if (thread_.joinable())
        thread_.join();
    std::lock_guard lock(mutex_);
    for (const auto& each : waiting_)
        lose(each.notice, "the daemon is stopping");
    waiting_.clear();
}

Outlet::Stats Outlet::stats() const {
    std::lock_guard lock(mutex_);
    auto out = stats_;
    out.waiting = waiting_.size();
    return out;
}

/// With the mutex held.
void Outlet::lose(const Notice& notice, std::string_view why) {
    ++stats_.lost;
    log::write(log::Level::err, "a notice was not delivered",
               {{"to", name_},
                {"notice", notice.id},
                {"kind", notice.kind},
                {"title", notice.title},
                {"why", why}});
}

std::list<Outlet::Waiting>::iterator Outlet::next_due() {
    return std::min_element(waiting_.begin(), waiting_.end(),
                            [](const Waiting& a, const Waiting& b) { return a.due < b.due; });
}

void Outlet::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        auto next = next_due();
        if (next == waiting_.end()) {
            wake_.wait(lock);
            continue;
        }
        if (auto due = next->due; due > steady_clock::now()) {
            wake_.wait_until(lock, due);
            continue;
        }
        std::list<Waiting> taken;
        taken.splice(taken.begin(), waiting_, next);
        lock.unlock();
        auto done = deliver_(taken.front().notice);
        lock.lock();
        ended(taken, done);
    }
}

/// With the mutex held.
void Outlet::ended(std::list<Waiting>& taken, const Result<void>& done) {
    auto& each = taken.front();
    if (done) {
        ++stats_.delivered;
        return;
    }
    ++stats_.failures;
    ++each.attempts;
    if (each.attempts >= patience_.attempts)
        return lose(each.notice, done.error().message);
    log::write_limited(log::Level::warning, "notice_delayed", "a notice could not be delivered yet",
                       {{"to", name_}, {"notice", each.notice.id}, {"why", done.error().message}});
    auto pause = patience_.pause_first;
    for (int i = 1; i < each.attempts && pause < patience_.pause_last; ++i)
        pause *= 2;
    each.due = steady_clock::now() + std::min(pause, patience_.pause_last);
    waiting_.splice(waiting_.end(), taken);
}

}  // namespace obliv::notices
