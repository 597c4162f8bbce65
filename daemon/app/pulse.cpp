#include "daemon/app/pulse.hpp"

namespace obliv::daemon {

Pulse::Pulse(loop::Loops& loops, loop::BlockingPool& workers, storage::Database& database)
    : loops_(loops), workers_(workers), database_(database),
      writer_beat_(std::make_shared<Beat>()) {
    for (std::size_t i = 0; i < loops.size(); ++i)
        loop_beats_.push_back(std::make_shared<Beat>());
}

bool Pulse::overdue(const std::shared_ptr<Beat>& beat, SteadyTime now,
                    std::chrono::milliseconds patience, const std::function<void()>& ask) {
    auto asked = beat->asked_ns.load();
    if (asked != 0)
        return now - SteadyTime(std::chrono::nanoseconds(asked)) > patience;
    beat->asked_ns = now.time_since_epoch().count();
    ask();
    return false;
}

bool Pulse::alive(std::chrono::milliseconds patience) {
    auto now = real_clock().steady();
    bool alive = true;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        auto beat = loop_beats_[i];
        auto ask = [this, i, beat] { loops_.post(i, [beat] { beat->asked_ns = 0; }); };
        alive = !overdue(beat, now, patience, ask) && alive;
    }
    auto beat = writer_beat_;
    auto ask = [this, beat] {
        auto& database = database_;
        auto posted = workers_.post([beat, &database] {
            static_cast<void>(database.write([](storage::Session&) { return ok(); }));
            beat->asked_ns = 0;
        });
        // A full queue is work being done, and the next check asks again.
        if (!posted)
            beat->asked_ns = 0;
    };
    return !overdue(beat, now, patience, ask) && alive;
}

}  // namespace obliv::daemon
