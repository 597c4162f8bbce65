#include "daemon/live/counters.hpp"

#include <charconv>

namespace obliv::live {
namespace {

/// The digits of an id, without an allocation.
class IdText {
public:
    explicit IdText(std::int64_t id) noexcept
        : end_(std::to_chars(text_.data(), text_.data() + text_.size(), id).ptr) {}
    operator std::string_view() const noexcept {
        return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
    }

private:
    std::array<char, 20> text_{};
    char* end_;
};

std::int64_t input_of(const llm::Usage& usage) noexcept {
    return usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h +
           usage.audio_in + usage.image_in;
}

std::int64_t output_of(const llm::Usage& usage) noexcept {
    return usage.output + usage.reasoning + usage.audio_out;
}

/// They are counted in the same places.
bool alike(const storage::Call& a, const storage::Call& b) noexcept {
    return a.token == b.token && a.channel == b.channel && a.user == b.user && a.model == b.model;
}

/// How many calls at the front are counted in the same places.
std::size_t run_of(std::span<const storage::Appended> calls) noexcept {
    std::size_t count = 1;
    while (count < calls.size() && alike(calls.front().call, calls[count].call))
        ++count;
    return count;
}

}  // namespace

Tally past(const storage::UsageGroup& group) noexcept {
    Tally out;
    out.requests = group.requests;
    out.errors = group.errors;
    out.input = input_of(group.usage);
    out.output = output_of(group.usage);
    out.cost = group.cost;
    return out;
}

Ended ended(const storage::Call& call) noexcept {
    Ended out;
    // As reports count errors: a caller that left is none.
    out.error = call.status >= 400 || !(call.error.empty() || call.error == "cancelled");
    out.input = input_of(call.usage);
    out.output = output_of(call.usage);
    out.cost = call.cost;
    out.duration = std::chrono::microseconds(call.duration_us);
    return out;
}

Counters::Counters(const Clock& clock, std::size_t keys_max)
    : clock_(clock), since_(clock.wall()), groups_{Group(keys_max), Group(keys_max),
                                                   Group(keys_max), Group(keys_max)} {}

Counters::Places Counters::places_of(const storage::Call& call, std::int64_t second) {
    auto place = [&](By by, std::string_view key) {
        return &groups_[static_cast<std::size_t>(by)].series(key, second);
    };
    auto place_of_id = [&](By by, auto id) { return id ? place(by, IdText(id.value)) : nullptr; };
    return {place(By::model, call.model), place_of_id(By::channel, call.channel),
            place_of_id(By::token, call.token), place_of_id(By::user, call.user)};
}

template <typename Counted>
void Counters::count(const Places& places, std::int64_t second, const Counted& counted) {
    total_.add(second, counted);
    for (auto* place : places)
        if (place)
            place->add(second, counted);
}

void Counters::add(std::span<const storage::Appended> calls) noexcept {
    auto second = now();
    std::lock_guard lock(mutex_);
    while (!calls.empty()) {
        // Calls of one client often come together: they are added up before they are counted.
        auto run = calls.first(run_of(calls));
        calls = calls.subspan(run.size());
        auto places = places_of(run.front().call, second);
        if (run.size() == 1) {
            count(places, second, ended(run.front().call));
            continue;
        }
        Tally sum;
        for (const auto& each : run)
            sum.add(ended(each.call));
        count(places, second, sum);
    }
}

void Counters::add_past(By by, std::string_view key, WallTime time, const Tally& calls) {
    auto second = unix_nanos(time) / 1'000'000'000;
    std::lock_guard lock(mutex_);
    groups_[static_cast<std::size_t>(by)].add_past(key, second, now(), calls);
}

void Counters::add_past(WallTime time, const Tally& calls) {
    std::lock_guard lock(mutex_);
    total_.add_past(unix_nanos(time) / 1'000'000'000, calls);
}

WindowView Counters::view(Window window, std::size_t rows_max) const {
    WindowView out;
    auto second = now();
    out.window = window;
    std::lock_guard lock(mutex_);
    out.total = total_.sum(window, second);
    for (std::size_t i = 0; i < bys; ++i)
        out.rows[i] = groups_[i].rows(window, second, rows_max);
    return out;
}

Tally Counters::today() const {
    auto second = now();
    std::lock_guard lock(mutex_);
    return total_.since(second - second % 86'400, second);
}

std::vector<Tally> Counters::minutes() const {
    std::lock_guard lock(mutex_);
    return total_.minutes(now());
}

}  // namespace obliv::live
