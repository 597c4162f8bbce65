#pragma once

#include "core/base/result.hpp"
#include "core/storage/usage.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace obliv::billing {

class RingPartition;

/// What lay in the ring when it was opened.
struct RingContents {
    std::vector<storage::Call> settled;  ///< charged and acknowledged; to be stored if they are not
    std::int64_t open = 0;               ///< calls that had been let in and not settled
    std::vector<std::string> damaged;    ///< what is known of each slot that cannot be read
};

/// A file mapped into memory in which a settled call survives the process before the database has
/// it. One process at a time; split into partitions, each used by one loop without a lock.
class IntentRing {
public:
    /// Opens or creates the file and reads what is in it. The slots stay as they are until
    /// `start`. conflict: another process has it open; io: the disk.
    static Result<std::unique_ptr<IntentRing>> open(const std::string& path);
    ~IntentRing();

    RingContents take_contents() noexcept { return std::move(contents_); }
    /// Empties the ring, gives it its size on disk and cuts it into partitions. Call it when the
    /// contents are stored.
    Result<void> start(std::uint32_t slots, unsigned partitions);

    RingPartition& partition(unsigned index) noexcept { return *partitions_[index]; }
    std::uint32_t slots() const noexcept { return slots_; }
    std::uint32_t used() const noexcept;

private:
    explicit IntentRing(std::string path, int descriptor);
    Result<void> read_contents();
    void read_slot(const unsigned char* slot, std::string& damaged);
    Result<void> keep_damaged(const std::string& bytes);
    void unmap() noexcept;

    std::string path_;
    int descriptor_;
    unsigned char* map_ = nullptr;
    std::size_t map_bytes_ = 0;
    std::uint32_t slots_ = 0;
    RingContents contents_;
    std::vector<std::unique_ptr<RingPartition>> partitions_;
};

/// The slots of one loop. `promise`, `settle` and `release` are called on that loop; `give_back`
/// from the writer's thread. A call is promised that there will be a slot for it and writes to none
/// before its end: a stream that idles for an hour owns no page of the file.
class RingPartition {
public:
    /// `open` counts, in the file, the calls of this and perhaps other partitions.
    RingPartition(unsigned char* first, std::uint32_t count, std::uint32_t* open);

    /// overloaded: all slots are in use or promised.
    Result<void> promise();
    /// Writes a call into the slot that it was promised, and says which: when this returns, killing
    /// the process does not undo it.
    std::uint32_t settle(const storage::Call& call) noexcept;
    /// The slot that was promised is not needed.
    void release() noexcept;
    /// Frees settled slots whose calls are in the database.
    void give_back(const std::vector<std::uint32_t>& slots) noexcept;

    std::uint32_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

private:
    unsigned char* at(std::uint32_t slot) const noexcept;

    void count_open(std::uint32_t step) noexcept;

    unsigned char* first_;
    std::uint32_t* open_;
    std::vector<std::uint32_t> free_;  // the loop's; last in, first out keeps few pages warm
    std::size_t promised_ = 0;         // of the free ones
    std::atomic<std::uint32_t> used_{0};

    std::mutex returned_mutex_;
    std::vector<std::uint32_t> returned_;  // under returned_mutex_
    std::atomic<bool> any_returned_{false};
};

}  // namespace obliv::billing
