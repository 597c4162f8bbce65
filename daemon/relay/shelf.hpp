#pragma once

#include "core/storage/store.hpp"
#include "daemon/relay/once.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

namespace obliv::relay {

/// Where the calls with an Idempotency-Key, and their replies, outlive the process. From any
/// thread.
class Shelf {
public:
    /// Every charge that was made so far has an id below; any thread.
    using NextId = std::function<ChargeId()>;
    /// How many bytes are kept: of replies, before the oldest of them go, and in all, before no
    /// call with a key is made.
    struct Bounds {
        std::int64_t replies = std::int64_t{512} << 20;
        std::int64_t all = std::int64_t{1} << 30;
    };
    /// `run` tells this run of the program from all others, and has made no charge yet.
    Shelf(storage::Database& database, loop::BlockingPool& workers, std::string run, NextId next_id,
          const Clock& clock)
        : Shelf(database, workers, std::move(run), std::move(next_id), clock, Bounds()) {}
    Shelf(storage::Database& database, loop::BlockingPool& workers, std::string run, NextId next_id,
          const Clock& clock, const Bounds& bounds)
        : database_(database), workers_(workers), run_(std::move(run)),
          next_id_(std::move(next_id)), first_id_(next_id_()), clock_(clock), bounds_(bounds) {}

    /// Blocks. The kept reply to the call; null: there is none, and it is noted that the call
    /// begins. conflict: an earlier run charged it, and its reply was lost · overloaded: too many
    /// calls are kept.
    Result<KeptReplyPtr> begin(const Sha256& key, const Maker& maker);
    /// Blocks, until no kill can undo it.
    Result<void> keep(const Sha256& key, std::string_view request_id, const KeptReply& reply);

    loop::Task<Result<KeptReplyPtr>> begin_elsewhere(Sha256 key, Maker maker);
    loop::Task<Result<void>> keep_elsewhere(Sha256 key, std::string_view request_id,
                                            KeptReplyPtr reply);
    /// The call ended without a reply that could be kept. Soon, or never: never blocks.
    void forget(const Sha256& key, const Maker& maker) noexcept;
    /// Writes what the disk did not take before, as far as it takes it now. Soon, or never: never
    /// blocks. `repeats` outlives the workers.
    void catch_up(Repeats& repeats) noexcept;

private:
    Result<KeptReplyPtr> known(storage::RepeatRow before);
    Result<void> has_room(WallTime now);
    Result<bool> was_charged(const storage::RepeatRow& before);
    storage::RepeatRow row_of(const Sha256& key, std::string_view request_id) const;

    storage::Database& database_;
    loop::BlockingPool& workers_;
    const std::string run_;
    const NextId next_id_;
    const ChargeId first_id_;  // of this run
    const Clock& clock_;
    const Bounds bounds_;
    std::atomic<unsigned> kept_{0};
};

}  // namespace obliv::relay
