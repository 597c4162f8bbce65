#include "core/storage/writer.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/storage/store.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace obliv::storage {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto never = Steady::time_point::max();
constexpr auto awake = Steady::time_point::min();
// A window with fewer calls says little about the next one.
constexpr std::size_t stream_rows = 2;

/// A blocked caller and its job.
struct Waiting {
    Writer::Job job;
    Result<void> answer;
    bool done = false;
    std::condition_variable finished;
};

/// Calls on their way, and who wants to hear of each. Two columns, so that a listener is given a
/// span of calls.
struct Calls {
    std::vector<Appended> calls;
    std::vector<CommitListener*> listeners;
    std::size_t size() const noexcept { return calls.size(); }
    void clear() noexcept {
        calls.clear();
        listeners.clear();
    }
};

}  // namespace

struct Writer::Impl {
    Impl(std::unique_ptr<WriteEngine> given, WriterOptions chosen)
        : engine(std::move(given)), options(std::move(chosen)) {
        if (options.own_thread)
            thread = std::thread([this] { loop(); });
    }

    // Called by the thread.
    void loop();
    void turn(std::unique_lock<std::mutex>& lock);
    void wait_for_work(std::unique_lock<std::mutex>& lock);
    bool due() const noexcept;
    Steady::time_point next_look() const noexcept;
    void take();
    void serve();
    Result<void> begin() const;
    Result<void> attempt(std::size_t count);
    Result<void> append_backlog(std::size_t count);
    Result<void> run_jobs();
    Result<void> fault(WriteStep step) const { return options.fault ? options.fault(step) : ok(); }
    void succeeded(std::size_t count);
    void failed(const Error& error);
    void answer_jobs(const Result<void>& group);
    void run_chore();
    void refuse_rest();

    std::unique_ptr<WriteEngine> engine;
    const WriterOptions options;

    // Under the mutex.
    mutable std::mutex mutex;
    std::condition_variable wake;
    Calls queue;
    std::deque<Waiting*> jobs;
    Chore chore;
    bool urgent = false;
    bool stopping = false;
    Steady::time_point oldest{};          // arrival of the first call that is not stored
    Steady::time_point looks_at = awake;  // when the thread looks for work without being told
    WriterStats figures;

    // Read by anybody.
    std::atomic<std::size_t> calls_waiting{0};  // in the queue and in the backlog
    std::atomic<bool> failing{false};
    std::atomic<bool> stopped{false};

    // The thread's own.
    Calls backlog;  // taken from the queue; stored from `stored_until` on
    std::size_t stored_until = 0;
    std::vector<Waiting*> group_jobs;
    std::vector<const Call*> rows;
    Steady::time_point next_window = never;  // its end, while calls keep coming
    std::chrono::milliseconds retry_wait{0};
    Steady::time_point retry_at{};
    Steady::time_point chore_at{};
    bool chore_pending = false;

    std::thread thread;  // last: it uses all of the above
};

void Writer::Impl::loop() {
    std::unique_lock lock(mutex);
    for (;;) {
        wait_for_work(lock);
        bool last = stopping;
        turn(lock);
        bool empty = queue.size() == 0 && jobs.empty() && stored_until == backlog.size();
        if (last && (empty || failing))
            break;
    }
    refuse_rest();
}

void Writer::Impl::turn(std::unique_lock<std::mutex>& lock) {
    take();
    lock.unlock();
    serve();
    if (chore_pending && !failing && Steady::now() >= chore_at)
        run_chore();
    lock.lock();
}

bool Writer::Impl::due() const noexcept {
    return stopping || !jobs.empty() || urgent || queue.size() >= options.commit_rows ||
           stored_until < backlog.size();
}

void Writer::Impl::wait_for_work(std::unique_lock<std::mutex>& lock) {
    // A failing disk sets its own pace: neither new calls nor a hurry make it work again.
    if (failing) {
        wake.wait_until(lock, retry_at, [this] { return stopping; });
        return;
    }
    while (!due()) {
        looks_at = next_look();
        auto woken = std::cv_status::no_timeout;
        if (looks_at == never)
            wake.wait(lock);
        else
            woken = wake.wait_until(lock, looks_at);
        looks_at = awake;
        if (woken == std::cv_status::timeout)
            return;
    }
}

Steady::time_point Writer::Impl::next_look() const noexcept {
    // No call is older than the window that began when the last ones were taken.
    if (next_window != never)
        return next_window;
    if (queue.size() > 0)
        return oldest + options.commit_window;
    return chore_pending ? chore_at : never;
}

void Writer::Impl::take() {
    group_jobs.assign(jobs.begin(), jobs.end());
    jobs.clear();
    if (stored_until == backlog.size()) {
        // A burst must not keep its memory for good.
        if (backlog.calls.capacity() > 2 * options.group_rows_max)
            backlog = {};
        backlog.clear();
        stored_until = 0;
        std::swap(backlog, queue);
        urgent = false;
        // Whoever expects more calls looks for them by itself, and need not be woken by the first.
        next_window = backlog.size() >= stream_rows ? Steady::now() + options.commit_window : never;
    }
}

void Writer::Impl::serve() {
    auto count = std::min(backlog.size() - stored_until, options.group_rows_max);
    if (count == 0 && group_jobs.empty() && !failing)
        return;
    auto done = attempt(count);
    if (done)
        succeeded(count);
    else
        failed(done.error());
    answer_jobs(done);
}

Result<void> Writer::Impl::begin() const {
    auto done = fault(WriteStep::begin);
    return done ? engine->begin() : done;
}

Result<void> Writer::Impl::attempt(std::size_t count) {
    auto done = begin();
    if (!done)
        return done;
    if (count > 0)
        done = append_backlog(count);
    else if (failing)
        done = engine->probe();
    if (done)
        done = run_jobs();
    if (done)
        done = fault(WriteStep::commit);
    if (done)
        done = engine->commit();
    if (!done)
        engine->rollback();
    return done ? fault(WriteStep::committed) : done;
}

Result<void> Writer::Impl::append_backlog(std::size_t count) {
    rows.clear();
    for (std::size_t i = 0; i < count; ++i)
        rows.push_back(&backlog.calls[stored_until + i].call);
    auto done = fault(WriteStep::append);
    return done ? engine->session().ledger().append(rows) : done;
}

Result<void> Writer::Impl::run_jobs() {
    for (auto* waiting : group_jobs) {
        auto done = engine->savepoint();
        if (!done)
            return done;
        waiting->answer = waiting->job(engine->session());
        done = waiting->answer ? engine->release_savepoint() : engine->rollback_savepoint();
        if (!done)
            return done;
    }
    return ok();
}

void Writer::Impl::succeeded(std::size_t count) {
    auto first = stored_until;
    auto last = first + count;
    stored_until = last;
    calls_waiting -= count;
    chore_pending = chore_pending || count > 0;
    retry_wait = {};
    bool recovered = failing.exchange(false);
    {
        std::lock_guard lock(mutex);
        ++figures.groups;
        figures.calls_stored += count;
        if (count > 0) {
            auto now = Steady::now();
            figures.commit_lag =
                std::chrono::duration_cast<std::chrono::microseconds>(now - oldest);
            // What came while this group was written is younger than now; the difference is small.
            oldest = now;
        }
    }
    if (recovered)
        log::write(log::Level::notice, "the store can be written again");
    // Last: who hears that its calls are stored finds every figure in that state.
    while (first < last) {
        auto* listener = backlog.listeners[first];
        auto end = first + 1;
        while (end < last && backlog.listeners[end] == listener)
            ++end;
        listener->committed(std::span(backlog.calls).subspan(first, end - first));
        first = end;
    }
}

void Writer::Impl::failed(const Error& error) {
    retry_wait = retry_wait.count() == 0 ? options.retry_first
                                         : std::min(2 * retry_wait, options.retry_last);
    retry_at = Steady::now() + retry_wait;
    {
        std::lock_guard lock(mutex);
        ++figures.failures;
        figures.last_error = error.message;
    }
    // After the reason: who sees the writer refuse finds out why.
    failing = true;
    log::write_limited(
        log::Level::err, "store_failing",
        "the store cannot be written: calls that were settled are kept and "
        "retried, new ones are refused",
        {{"error", error.message}, {"calls", static_cast<std::int64_t>(calls_waiting.load())}});
}

void Writer::Impl::answer_jobs(const Result<void>& group) {
    std::lock_guard lock(mutex);
    for (auto* waiting : group_jobs) {
        // A job that refused by itself keeps its own reason.
        bool refused = !waiting->answer && waiting->answer.error().code != Code::internal;
        if (!group && !refused)
            waiting->answer = group.error();
        waiting->done = true;
        waiting->finished.notify_one();
    }
    group_jobs.clear();
}

void Writer::Impl::run_chore() {
    chore_at = Steady::now() + options.chore_interval;
    chore_pending = false;
    Chore work;
    {
        std::lock_guard lock(mutex);
        work = chore;
    }
    if (!work)
        return;
    auto done = engine->begin();
    if (!done)
        return failed(done.error());
    auto more = work(engine->session());
    done = more ? engine->commit() : Result<void>(more.error());
    if (!done) {
        engine->rollback();
        chore_pending = true;
        return failed(done.error());
    }
    if (*more) {
        chore_pending = true;
        chore_at = Steady::now();
    }
}

void Writer::Impl::refuse_rest() {
    stopped = true;
    for (auto* waiting : jobs) {
        waiting->answer = fail(Code::unavailable, "the program is stopping");
        waiting->done = true;
        waiting->finished.notify_one();
    }
    jobs.clear();
    auto left = calls_waiting.load();
    if (left > 0)
        log::write(log::Level::err, "calls are left in the intent ring for the next start",
                   {{"calls", static_cast<std::int64_t>(left)}});
}

Writer::Writer(std::unique_ptr<WriteEngine> engine, WriterOptions options)
    : impl_(std::make_unique<Impl>(std::move(engine), std::move(options))) {}

Writer::~Writer() {
    stop();
}

Result<void> Writer::run(Job job) {
    Waiting waiting;
    waiting.job = std::move(job);
    std::unique_lock lock(impl_->mutex);
    if (impl_->stopped || impl_->stopping)
        return fail(Code::unavailable, "the program is stopping");
    if (impl_->failing)
        return fail(Code::unavailable, "the store cannot be written: " + impl_->figures.last_error);
    if (impl_->jobs.size() >= impl_->options.jobs_max)
        return fail(Code::overloaded, "too many writes are waiting for the store");
    impl_->jobs.push_back(&waiting);
    if (!impl_->options.own_thread)
        impl_->turn(lock);
    impl_->wake.notify_one();
    waiting.finished.wait(lock, [&] { return waiting.done; });
    return std::move(waiting.answer);
}

Result<void> Writer::append(Call&& call, std::uint64_t tag, CommitListener& listener,
                            Urgency urgency) {
    auto& impl = *impl_;
    std::lock_guard lock(impl.mutex);
    if (impl.stopped)
        return fail(Code::unavailable, "the program is stopping");
    if (impl.calls_waiting >= impl.options.calls_max)
        return fail(Code::overloaded, "too many calls are waiting for the store");
    auto& queue = impl.queue;
    if (impl.calls_waiting++ == 0)
        impl.oldest = Steady::now();
    auto& next = queue.calls.emplace_back();
    next.call = std::move(call);
    next.tag = tag;
    queue.listeners.push_back(&listener);
    bool first = queue.size() == 1;
    bool hurry = urgency == Urgency::waiting && !impl.urgent;
    impl.urgent = impl.urgent || hurry;
    // The first call starts the window, a full or urgent group ends it; the thread may be up to
    // look in time anyway.
    bool late = first && impl.looks_at > impl.oldest + impl.options.commit_window;
    bool full = queue.size() == impl.options.commit_rows;
    if (impl.looks_at != awake && (late || hurry || full)) {
        ++impl.figures.wakes;
        impl.wake.notify_one();
    }
    return ok();
}

void Writer::set_chore(Chore chore) {
    std::lock_guard lock(impl_->mutex);
    impl_->chore = std::move(chore);
}

void Writer::turn() {
    check(!impl_->options.own_thread, "only a writer without a thread takes turns");
    std::unique_lock lock(impl_->mutex);
    impl_->turn(lock);
}

bool Writer::accepting() const noexcept {
    return !impl_->failing && !impl_->stopped &&
           impl_->calls_waiting.load(std::memory_order_relaxed) < impl_->options.calls_max;
}

std::size_t Writer::calls_max() const noexcept {
    return impl_->options.calls_max;
}

WriterStats Writer::stats() const {
    std::lock_guard lock(impl_->mutex);
    auto stats = impl_->figures;
    stats.calls_queued = impl_->calls_waiting;
    stats.jobs_queued = impl_->jobs.size();
    stats.failing = impl_->failing;
    if (stats.failing && stats.calls_queued > 0)
        stats.commit_lag =
            std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - impl_->oldest);
    return stats;
}

void Writer::stop() noexcept {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        impl_->wake.notify_one();
    }
    if (impl_->thread.joinable())
        impl_->thread.join();
    else if (!impl_->stopped)
        impl_->loop();
}

}  // namespace obliv::storage
