#include "daemon/channels/breaker.hpp"

#include <algorithm>

namespace obliv::channels {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr double share_first = 0.1;

std::int64_t nanos(SteadyTime time) noexcept {
    // A fake clock may begin at zero, which stands for never here.
    return std::max<std::int64_t>(1, time.time_since_epoch().count());
}

std::int64_t nanos(std::chrono::milliseconds span) noexcept {
    return std::chrono::nanoseconds(span).count();
}

}  // namespace

bool Breaker::admit(SteadyTime now) noexcept {
    auto until = open_until_ns_.load(relaxed);
    if (until == 0)
        return true;
    auto at = nanos(now);
    if (at < until)
        return false;
    auto last = probed_ns_.load(relaxed);
    return (last == 0 || at - last >= nanos(limits_.probe_pause)) &&
           probed_ns_.compare_exchange_strong(last, at, relaxed);
}

double Breaker::share(SteadyTime now) const noexcept {
    auto since = recovering_since_ns_.load(relaxed);
    if (since == 0)
        return 1;
    auto part = static_cast<double>(nanos(now) - since) / static_cast<double>(nanos(limits_.ramp));
    return std::clamp(share_first + (1 - share_first) * part, share_first, 1.0);
}

Breaker::Change Breaker::succeeded(SteadyTime now) noexcept {
    tally_.add_first(now);
    if (in_a_row_.load(relaxed) != 0)
        in_a_row_.store(0, relaxed);
    auto until = open_until_ns_.load(relaxed);
    if (until != 0)
        // A call that began before it opened proves nothing.
        return nanos(now) < until ? Change::none : reset(now);
    auto since = recovering_since_ns_.load(relaxed);
    if (since != 0 && nanos(now) - since >= nanos(limits_.ramp)) {
        recovering_since_ns_.store(0, relaxed);
        openings_.store(0, relaxed);
    }
    return Change::none;
}

Breaker::Change Breaker::reset(SteadyTime now) noexcept {
    in_a_row_.store(0, relaxed);
    if (open_until_ns_.exchange(0, relaxed) == 0)
        return Change::none;
    tally_.clear();
    probed_ns_.store(0, relaxed);
    recovering_since_ns_.store(nanos(now), relaxed);
    return Change::recovered;
}

void Breaker::begin_anew(SteadyTime now) noexcept {
    reset(now);
    recovering_since_ns_.store(nanos(now), relaxed);
}

bool Breaker::should_open(SteadyTime now) noexcept {
    auto counts = tally_.add_second(now);
    auto in_a_row = in_a_row_.fetch_add(1, relaxed) + 1;
    if (open_until_ns_.load(relaxed) != 0)
        return nanos(now) >= open_until_ns_.load(relaxed);  // a probe failed
    auto calls = counts.first + counts.second;
    return in_a_row >= limits_.failures_in_a_row ||
           (calls >= limits_.calls_min && 2 * counts.second >= calls);
}

Breaker::Change Breaker::failed(SteadyTime now) noexcept {
    if (!should_open(now))
        return Change::none;
    auto times = std::min(openings_.fetch_add(1, relaxed), 16);
    auto rest = std::min(limits_.rest_first * (1 << times), limits_.rest_last);
    recovering_since_ns_.store(0, relaxed);
    bool was_open = open_until_ns_.exchange(nanos(now + rest), relaxed) != 0;
    return was_open ? Change::none : Change::opened;
}

Breaker::State Breaker::state(SteadyTime now) const noexcept {
    auto until = open_until_ns_.load(relaxed);
    if (until != 0)
        return nanos(now) < until ? State::open : State::half_open;
    return share(now) < 1 ? State::recovering : State::closed;
}

SteadyTime Breaker::rests_until() const noexcept {
    return SteadyTime(std::chrono::nanoseconds(open_until_ns_.load(relaxed)));
}

std::string_view name_of(Breaker::State state) noexcept {
    switch (state) {
    case Breaker::State::closed:
        return "closed";
    case Breaker::State::recovering:
        return "recovering";
    case Breaker::State::half_open:
        return "half_open";
    case Breaker::State::open:
        break;
    }
    return "open";
}

}  // namespace obliv::channels
