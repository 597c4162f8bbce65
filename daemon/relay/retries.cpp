#include "daemon/relay/retries.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

using channels::Cause;
using std::chrono::milliseconds;

/// Whether the same channel may do better after a while.
bool passing(Cause cause) noexcept {
    return cause == Cause::unreachable || cause == Cause::timeout || cause == Cause::rate_limited ||
           cause == Cause::server_error || cause == Cause::refused || cause == Cause::bad_reply;
}

}  // namespace

void Retries::failed(Cause cause, std::optional<milliseconds> retry_after, std::size_t key,
                     SteadyTime now) {
    auto found = std::find_if(tried_.begin(), tried_.end(),
                              [&](const Tried& each) { return each.option == current_; });
    if (found == tried_.end())
        found = tried_.insert(tried_.end(), Tried{current_, cause, now, key, 0, false});
    found->cause = cause;
    found->key = key;
    found->not_before = now + retry_after.value_or(milliseconds(0));
    last_ = static_cast<std::size_t>(found - tried_.begin());
}

std::optional<Try> Retries::next(SteadyTime now) {
    if (attempts_ >= limits_.attempts || (attempts_ > 0 && now >= limits_.deadline))
        return std::nullopt;
    auto chosen = other_key(now);
    if (!chosen)
        if (const auto* option = candidates_.next(now))
            chosen = Try{option};
    if (!chosen)
        chosen = repeat(now);
    if (chosen) {
        ++attempts_;
        current_ = chosen->option;
    }
    return chosen;
}

std::optional<Try> Retries::other_key(SteadyTime now) {
    if (tried_.empty())
        return std::nullopt;
    auto& last = tried_[last_];
    auto& entry = *last.option->entry;
    if (!channels::blames_key(last.cause) || last.other_key_tried || entry.keys->size() < 2)
        return std::nullopt;
    last.other_key_tried = true;
    if (!entry.keys->choose(random_, now, last.key) || !candidates_.again(*last.option, now) ||
        !entry.health->may_repeat(now))
        return std::nullopt;
    return Try{last.option, milliseconds(0), last.key};
}

milliseconds Retries::pause_for(const Tried& tried, SteadyTime now) {
    auto longest =
        std::min(limits_.pause_last, limits_.pause_first * (1 << std::min(tried.repeats, 16)));
    auto jitter = milliseconds(random_.below(static_cast<std::uint64_t>(longest.count()) + 1));
    auto asked = std::chrono::ceil<milliseconds>(tried.not_before - now);
    return std::max(jitter, asked);
}

std::optional<Try> Retries::repeat(SteadyTime now) {
    Tried* best = nullptr;
    milliseconds wait{0};
    for (auto& tried : tried_) {
        if (!passing(tried.cause) || !candidates_.again(*tried.option, now))
            continue;
        auto own = pause_for(tried, now);
        if (now + own >= limits_.deadline || own > limits_.pause_last)
            continue;
        if (best == nullptr || own < wait) {
            best = &tried;
            wait = own;
        }
    }
    if (best == nullptr || !best->option->entry->health->may_repeat(now))
        return std::nullopt;
    ++best->repeats;
    return Try{best->option, wait};
}

}  // namespace obliv::relay
