#pragma once

#include "daemon/billing/books.hpp"
#include "daemon/watch/gap.hpp"

#include <chrono>
#include <mutex>
#include <optional>

namespace obliv::daemon {

class NoticeDesk;

/// Compares those who count calls and money with each other, tells of a gap once, and has paid work
/// stopped over it if that is wanted.
class BooksWatch {
public:
    struct Settings {
        std::chrono::milliseconds interval{60'000};
        bool stop_on_gap = false;
    };
    BooksWatch(billing::Books& books, NoticeDesk& notices, const Settings& settings)
        : books_(books), notices_(notices), counting_(books), gap_(counting_), settings_(settings) {
    }
    void set(const Settings& settings);  ///< from any thread

    /// Looks, if it is time to. Blocks; one at a time.
    void tick();

private:
    /// The three who count, as the watch asks them.
    class Counting final : public watch::Counting {
    public:
        explicit Counting(billing::Books& books) : books_(books) {}
        watch::Count ended() override;
        watch::Count written() override;
        std::optional<watch::Count> stored() override;

    private:
        billing::Books& books_;
    };
    void look(bool stop_on_gap);

    billing::Books& books_;
    NoticeDesk& notices_;
    // Of who ticks.
    Counting counting_;
    watch::GapWatch gap_;
    std::optional<SteadyTime> looked_at_;
    std::mutex mutex_;
    Settings settings_;  // under mutex_
};

}  // namespace obliv::daemon
