#pragma once

#include "core/storage/store.hpp"
#include "daemon/app/publisher.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/watch/daily.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace obliv::daemon {

class CaptureDesk;
class NoticeDesk;

/// Keeps the store: removes usage rows and captures that are too old, and at their times of day
/// proves the books and holds bills of providers against them.
class Keeper {
public:
    struct Settings {
        int months_kept = 0;  ///< of usage rows, before the present month; 0: all
        std::optional<std::chrono::minutes> verify_at{};  ///< after midnight, UTC; nothing: never
        std::optional<std::chrono::minutes> reconcile_at{};  ///< likewise
        std::string reconcile_folder{};
    };
    struct Parts {
        storage::Database& database;
        billing::Books& books;
        NoticeDesk& notices;
        const Publisher& publisher;
        CaptureDesk& captures;
    };
    Keeper(const Parts& parts, Settings settings);
    void set(Settings settings);  ///< from any thread

    /// Does what is due, and no more than takes part of a second but for proving and reconciling.
    /// Blocks; one at a time.
    Result<void> tick();

private:
    Result<void> retire(int months_kept);
    Result<void> sweep();
    void verify();
    void reconcile(const std::string& folder);

    Parts parts_;
    // Of who ticks.
    std::optional<SteadyTime> retire_at_;  // nothing: at once
    std::optional<SteadyTime> sweep_at_;   // likewise
    std::int64_t retired_rows_ = 0;        // and not told of yet
    watch::Daily verify_at_;
    watch::Daily reconcile_at_;
    std::mutex mutex_;
    Settings settings_;  // under mutex_
};

}  // namespace obliv::daemon
