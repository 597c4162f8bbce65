#pragma once

#include "core/storage/usage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace obliv::storage {

class Session;

/// The one connection that writes, as an engine provides it. Used by the writer thread only.
class WriteEngine {
public:
    virtual ~WriteEngine() = default;
    virtual Session& session() = 0;
    virtual Result<void> begin() = 0;
    virtual Result<void>
    commit() = 0;  ///< after a failure the transaction is still to be rolled back
    virtual void rollback() noexcept = 0;
    virtual Result<void> savepoint() = 0;
    virtual Result<void> release_savepoint() = 0;
    virtual Result<void> rollback_savepoint() = 0;
    virtual Result<void> probe() = 0;  ///< writes something harmless: does the disk work again?
};

/// Where tests make a group fail.
enum class WriteStep : std::uint8_t { begin, append, commit, committed };
using FaultHook = std::function<Result<void>(WriteStep)>;

/// A call in the bulk lane, with a number that its sender knows it by.
struct Appended {
    Call call;
    std::uint64_t tag = 0;
};

/// Told what became durable: on the writer thread, in the order of arrival. Must not block.
class CommitListener {
public:
    virtual ~CommitListener() = default;
    virtual void committed(std::span<const Appended> calls) noexcept = 0;
};

enum class Urgency : std::uint8_t {
    grouped,  ///< nobody waits: up to 20 ms or 512 rows are gathered
    waiting,  ///< somebody waits: the group is closed at once
};

struct WriterOptions {
    std::chrono::milliseconds commit_window{20};
    std::size_t commit_rows = 512;      ///< closes a group early
    std::size_t group_rows_max = 8192;  ///< most calls of one transaction
    std::size_t calls_max = 131'072;    ///< waiting calls; more than the intent ring has slots
    std::size_t jobs_max = 1024;        ///< waiting writes
    std::chrono::milliseconds retry_first{50};
    std::chrono::milliseconds retry_last{2000};
    std::chrono::milliseconds chore_interval{1000};
    FaultHook fault{};  ///< for tests
    /// False, for simulations: no thread and no time. Groups are written inside run() and turn(),
    /// on the thread of whoever calls them.
    bool own_thread = true;
};

struct WriterStats {
    std::size_t calls_queued = 0;
    std::size_t jobs_queued = 0;
    std::uint64_t calls_stored = 0;
    std::uint64_t groups = 0;
    std::uint64_t wakes = 0;  ///< by callers that could not wait until the thread looks by itself
    std::uint64_t failures = 0;               ///< groups that did not reach the disk at first
    std::chrono::microseconds commit_lag{0};  ///< age of the oldest call of the last group
    bool failing = false;                     ///< the last attempt failed; it is being retried
    std::string last_error;
};

/// The db-writer thread: everything that is written goes through it, in groups of one transaction.
/// When the disk fails, calls stay queued and are retried until they are stored; jobs are answered
/// with the error. All functions are safe from any thread.
class Writer {
public:
    /// Runs inside the group's transaction, in a savepoint of its own: an error undoes only this.
    using Job = std::function<Result<void>(Session&)>;
    /// Runs at most once an interval after calls were stored; true: there is more to do at once.
    using Chore = std::function<Result<bool>(Session&)>;

    Writer(std::unique_ptr<WriteEngine> engine, WriterOptions options);
    ~Writer();  // stores what is queued, if the disk lets it, and ends the thread

    /// Blocks until the job's group is on disk, or did not get there. Never from a loop.
    Result<void> run(Job job);
    /// Queues a call; never blocks. `listener` outlives the writer's stop(). overloaded: the queue
    /// is full; unavailable: stopped.
    Result<void> append(Call&& call, std::uint64_t tag, CommitListener& listener, Urgency urgency);
    void set_chore(Chore chore);
    /// Without a thread of its own: writes what is queued as one group, or tries a failing disk
    /// again, and runs the chore if it is due.
    void turn();
    /// True while new work may be taken on: not failing, not stopped, and the queue is not full.
    bool accepting() const noexcept;
    std::size_t calls_max() const noexcept;
    WriterStats stats() const;
    /// Ends the thread after one last attempt to store what is queued. Idempotent.
    void stop() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace obliv::storage
