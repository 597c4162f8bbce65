#include "daemon/channels/health.hpp"

namespace obliv::channels {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::int64_t failing_after = 3;
constexpr std::size_t error_bytes_max = 300;
// Names come from channels with patterns, so in the end from callers.
constexpr std::size_t models_max = 1024;
constexpr std::int64_t free_repeats_a_second = 3;
constexpr std::int64_t calls_for_a_repeat = 10;

}  // namespace

void Health::rename(std::string_view name) {
    std::lock_guard lock(mutex_);
    name_ = name;
}

Breaker& Health::breaker(std::string_view upstream_model) {
    std::lock_guard lock(mutex_);
    auto found = models_.find(upstream_model);
    if (found != models_.end())
        return *found->second;
    if (models_.size() >= models_max)
        return breaker_;
    auto made = models_.emplace(std::string(upstream_model), std::make_unique<Breaker>());
    return *made.first->second;
}

void Health::begin(SteadyTime now) noexcept {
    in_flight_.fetch_add(1, relaxed);
    requests_.fetch_add(1, relaxed);
    minute_.add_first(now);
    recent_.add_first(now);
}

void Health::first_content(std::chrono::microseconds after) noexcept {
    ttft_of_late_.add(after);
    // Two loops may overwrite each other: a sample less does not show in a mean.
    auto mean = ttft_us_.load(relaxed);
    auto sample = std::max<std::int64_t>(1, after.count());
    ttft_us_.store(mean == 0 ? sample : std::max<std::int64_t>(1, mean + (sample - mean) / 8),
                   relaxed);
}

void Health::succeeded(Breaker* model, SteadyTime now) noexcept {
    in_flight_.fetch_sub(1, relaxed);
    count(Cause::ok);
    if (failures_in_a_row_.load(relaxed) != 0)
        failures_in_a_row_.store(0, relaxed);
    last_good_ns_.store(now.time_since_epoch().count(), relaxed);
    if (breaker_.succeeded(now) == Breaker::Change::recovered)
        tell(EventKind::recovered, {}, "it can be reached again");
    if (model != nullptr && model != &breaker_ &&
        model->succeeded(now) == Breaker::Change::recovered)
        tell(EventKind::recovered, name_of_model(model), "a call went well again");
}

void Health::count(Cause cause) noexcept {
    ended_[static_cast<std::size_t>(cause)].fetch_add(1, relaxed);
}

void Health::failed(Cause cause, std::string_view why, Breaker* model, SteadyTime now) {
    in_flight_.fetch_sub(1, relaxed);
    count(cause);
    failures_.fetch_add(1, relaxed);
    failures_in_a_row_.fetch_add(1, relaxed);
    {
        std::lock_guard lock(mutex_);
        last_error_ = std::string(why.substr(0, error_bytes_max));
    }
    // A key's fault is the key's alone, and a request may be at fault for 408, 409 and 425.
    if (blames_key(cause) || cause == Cause::refused || cause == Cause::unusable)
        return;
    bool reached = cause != Cause::unreachable && cause != Cause::timeout;
    if (!reached && breaker_.failed(now) == Breaker::Change::opened)
        tell(EventKind::opened, {}, why);
    if (model != nullptr && model != &breaker_ && model->failed(now) == Breaker::Change::opened)
        tell(EventKind::opened, name_of_model(model), why);
}

void Health::abandoned() noexcept {
    in_flight_.fetch_sub(1, relaxed);
    count(Cause::cancelled);
}

bool Health::may_repeat(SteadyTime now) noexcept {
    if (this_second_.add_second(now).second <= free_repeats_a_second)
        return true;
    auto recent = recent_.counts(now);
    if ((recent.second + 1) * calls_for_a_repeat > recent.first)
        return false;
    recent_.add_second(now);
    return true;
}

bool Health::set_down(bool down, std::string_view why, SteadyTime now) {
    if (!down) {
        // An idle channel was found dead without a call that its breaker could have met.
        if (this->down())
            breaker_.begin_anew(now);
        else
            breaker_.reset(now);
        std::lock_guard lock(mutex_);
        for (auto& [name, breaker] : models_)
            breaker->reset(now);
    }
    if (down_.exchange(down, relaxed) == down)
        return false;
    tell(down ? EventKind::disabled : EventKind::restored, {}, why);
    return true;
}

SteadyTime Health::last_good() const noexcept {
    return SteadyTime(std::chrono::nanoseconds(last_good_ns_.load(relaxed)));
}

void Health::tell(EventKind kind, std::string_view model, std::string_view detail) {
    if (sink_ == nullptr)
        return;
    Event event;
    {
        std::lock_guard lock(mutex_);
        event.name = name_;
    }
    event.channel = id_;
    event.kind = kind;
    event.model = model;
    event.detail = detail.substr(0, error_bytes_max);
    sink_->happened(event);
}

std::string Health::name_of_model(const Breaker* model) const {
    std::lock_guard lock(mutex_);
    for (const auto& [name, breaker] : models_)
        if (breaker.get() == model)
            return name;
    return {};
}

bool Health::failing() const noexcept {
    return failures_in_a_row_.load(relaxed) >= failing_after;
}

Health::Snapshot Health::snapshot(SteadyTime now) const {
    Snapshot out;
    out.in_flight = in_flight_.load(relaxed);
    out.requests = requests_.load(relaxed);
    out.failures = failures_.load(relaxed);
    out.failures_in_a_row = failures_in_a_row_.load(relaxed);
    for (std::size_t i = 0; i < causes; ++i)
        out.ended[i] = ended_[i].load(relaxed);
    out.ttft = std::chrono::microseconds(ttft_us_.load(relaxed));
    out.requests_this_minute = minute_.counts(now).first;
    out.breaker = breaker_.state(now);
    out.down = down();
    std::lock_guard lock(mutex_);
    for (const auto& [name, breaker] : models_)
        if (breaker->state(now) != Breaker::State::closed)
            out.models.push_back({name, breaker->state(now)});
    out.last_error = last_error_;
    return out;
}

}  // namespace obliv::channels
