#pragma once

#include "core/storage/usage.hpp"
#include "core/storage/writer.hpp"

#include <cstdint>
#include <mutex>
#include <set>
#include <span>

namespace obliv::billing {

/// Ids of events are given out in order and finished in any: everything up to `limit` is stored, or
/// never will be, and may be folded. Safe from any thread.
class Sequence {
public:
    void start_at(std::int64_t id) {
        std::lock_guard lock(mutex_);
        contiguous_ = id;
    }
    void finished(std::int64_t id) {
        std::lock_guard lock(mutex_);
        finish(id);
    }
    void finished(std::span<const storage::Appended> calls) {
        std::lock_guard lock(mutex_);
        for (const auto& each : calls)
            finish(each.call.id.value);
    }
    ChargeId limit() const {
        std::lock_guard lock(mutex_);
        return ChargeId{contiguous_};
    }

private:
    void finish(std::int64_t id) {
        // Most come in order.
        if (id == contiguous_ + 1)
            ++contiguous_;
        else
            ahead_.insert(id);
        while (!ahead_.empty() && *ahead_.begin() == contiguous_ + 1) {
            ++contiguous_;
            ahead_.erase(ahead_.begin());
        }
    }

    mutable std::mutex mutex_;
    std::int64_t contiguous_ = 0;
    std::set<std::int64_t> ahead_;
};

}  // namespace obliv::billing
