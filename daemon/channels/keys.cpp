#include "daemon/channels/keys.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"

#include <algorithm>
#include <limits>

namespace obliv::channels {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto until_tested = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t id_bytes = 6;
constexpr int draws = 8;

}  // namespace

// A few letters of a digest: enough to tell a channel's keys apart, nothing to find a key by.
std::string key_id(const Secret& key) {
    auto digest = sha256(key.reveal());
    return to_hex(std::span(digest).first(id_bytes));
}

Key::State Key::state(SteadyTime now) const noexcept {
    auto until = rests_until_ns.load(relaxed);
    if (until == until_tested)
        return State::refused;
    return until > now.time_since_epoch().count() ? State::resting : State::up;
}

bool Key::usable(SteadyTime now, int per_minute) const noexcept {
    return rests_until_ns.load(relaxed) <= now.time_since_epoch().count() &&
           (per_minute == 0 || minute.counts(now).first < per_minute);
}

std::optional<SteadyTime> Key::rests_until(SteadyTime now) const noexcept {
    if (state(now) != State::resting)
        return std::nullopt;
    return SteadyTime(std::chrono::nanoseconds(rests_until_ns.load(relaxed)));
}

std::string_view name_of(Key::State state) noexcept {
    switch (state) {
    case Key::State::up:
        return "up";
    case Key::State::resting:
        return "resting";
    case Key::State::refused:
        break;
    }
    return "refused";
}

std::shared_ptr<Keys> Keys::build(const std::vector<Secret>& keys,
                                  const storage::ChannelSettings& settings, const Keys* previous) {
    auto out = std::make_shared<Keys>();
    out->policy_ = settings.key_policy;
    out->per_minute_ = settings.key_requests_per_minute;
    auto add = [&](const Secret& secret) {
        auto id = key_id(secret);
        if (previous != nullptr)
            for (const auto& known : previous->keys_)
                if (known->id() == id)
                    return out->keys_.push_back(known);
        out->keys_.push_back(std::make_shared<Key>(std::move(id), std::string(secret.hint())));
    };
    for (const auto& key : keys)
        add(key);
    if (keys.empty())
        add(Secret());
    return out;
}

const Key* Keys::find(std::string_view id) const noexcept {
    for (const auto& key : keys_)
        if (key->id() == id)
            return key.get();
    return nullptr;
}

bool Keys::usable(std::size_t index, SteadyTime now,
                  std::optional<std::size_t> without) const noexcept {
    return index != without && keys_[index]->usable(now, per_minute_);
}

bool Keys::any_usable(SteadyTime now) const noexcept {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const auto& key) { return key->usable(now, per_minute_); });
}

std::size_t Keys::usable_count(SteadyTime now) const noexcept {
    return static_cast<std::size_t>(std::count_if(keys_.begin(), keys_.end(), [&](const auto& key) {
        return key->usable(now, per_minute_);
    }));
}

std::optional<std::size_t> Keys::choose(Random& random, SteadyTime now,
                                        std::optional<std::size_t> without) noexcept {
    auto count = keys_.size();
    if (count == 1)
        return usable(0, now, without) ? std::optional<std::size_t>(0) : std::nullopt;
    bool in_turn = policy_ == storage::KeyPolicy::round_robin;
    auto start = static_cast<std::size_t>(in_turn ? turn_.fetch_add(1, relaxed) % count
                                                  : random.below(count));
    // By chance, evenly among the usable ones: only when few are left does the order count.
    for (int draw = 0; !in_turn && draw < draws && !usable(start, now, without); ++draw)
        start = static_cast<std::size_t>(random.below(count));
    std::optional<std::size_t> chosen;
    for (std::size_t step = 0; step < count && !chosen; ++step)
        if (auto index = (start + step) % count; usable(index, now, without))
            chosen = index;
    if (!chosen || policy_ != storage::KeyPolicy::failure_aware)
        return chosen;
    auto other = static_cast<std::size_t>(random.below(count));
    bool better =
        usable(other, now, without) && keys_[other]->failures_in_a_row.load(relaxed) <
                                           keys_[*chosen]->failures_in_a_row.load(relaxed);
    return better ? other : *chosen;
}

QuotaLeft Keys::quota_left(SteadyTime now) const {
    QuotaLeft left;
    auto add = [](std::optional<std::int64_t>& sum, std::optional<std::int64_t> figure) {
        if (figure)
            sum = sum.value_or(0) + std::min(*figure, INT64_MAX - sum.value_or(0));
    };
    std::int64_t calls = 0;
    for (const auto& key : keys_) {
        auto window = key->quota.window(now);
        add(left.window.requests, window.requests);
        add(left.window.tokens, window.tokens);
        key->quota.add_money(left.money);
        calls += key->minute.counts(now).first;
    }
    if (per_minute_ > 0)
        left.used = static_cast<double>(calls) /
                    (static_cast<double>(per_minute_) * static_cast<double>(keys_.size()));
    return left;
}

void Keys::began(std::size_t index, SteadyTime now) noexcept {
    auto& key = *keys_[index];
    key.requests.fetch_add(1, relaxed);
    if (per_minute_ > 0)
        key.minute.add_first(now);
}

void Keys::succeeded(std::size_t index) noexcept {
    auto& key = *keys_[index];
    if (key.failures_in_a_row.load(relaxed) != 0)
        key.failures_in_a_row.store(0, relaxed);
}

bool Keys::failed(std::size_t index, Cause cause,
                  std::optional<std::chrono::milliseconds> retry_after, SteadyTime now) noexcept {
    auto& key = *keys_[index];
    key.failures.fetch_add(1, relaxed);
    auto in_a_row = key.failures_in_a_row.fetch_add(1, relaxed) + 1;
    auto until = [&](std::chrono::milliseconds span) {
        return (now + span).time_since_epoch().count();
    };
    std::int64_t rests = 0;
    if (cause == Cause::key_refused)
        rests = until_tested;
    else if (in_a_row >= failures_before_rest)
        rests = until(rest);
    else if (retry_after)
        rests = until(std::min<std::chrono::milliseconds>(*retry_after, rest));
    if (rests == 0)
        return false;
    auto before = key.rests_until_ns.load(relaxed);
    if (before != until_tested)
        key.rests_until_ns.store(std::max(before, rests), relaxed);
    return before <= now.time_since_epoch().count();
}

bool Keys::wake(std::size_t index) noexcept {
    auto& key = *keys_[index];
    key.failures_in_a_row.store(0, relaxed);
    return key.rests_until_ns.exchange(0, relaxed) != 0;
}

}  // namespace obliv::channels
