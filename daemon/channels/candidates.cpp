#include "daemon/channels/candidates.hpp"

#include <algorithm>

namespace obliv::channels {
namespace {

constexpr int draws_max = 16;
constexpr std::size_t reasons_told = 3;

/// The part of its calls that a channel gets while one of its breakers recovers.
double ramp(const Option& option, SteadyTime now) {
    return std::min(option.breaker->share(now), option.entry->health->breaker().share(now));
}

/// When the obstacle may have gone; nothing: nobody knows.
std::optional<std::chrono::milliseconds> wait_for(const PassedOver& each, SteadyTime now) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    if (each.why == Why::busy || each.why == Why::rate)
        return milliseconds(1000);
    if (each.why != Why::open)
        return std::nullopt;
    auto until = std::max(each.option->breaker->rests_until(),
                          each.option->entry->health->breaker().rests_until());
    return std::max(milliseconds(1000), duration_cast<milliseconds>(until - now));
}

bool never_able(Why why) noexcept {
    return why == Why::unable || why == Why::too_long;
}

}  // namespace

std::string_view words_for(Why why) noexcept {
    switch (why) {
    case Why::down:
        return "the health checks found it dead";
    case Why::keys_resting:
        return "all of its keys are resting";
    case Why::busy:
        return "as many calls run on it as may";
    case Why::rate:
        return "as many calls were made to it in this minute as may";
    case Why::unable:
        return "it lacks an ability that the call needs";
    case Why::too_long:
        return "the call is longer than its model takes";
    case Why::open:
        break;
    }
    return "its circuit breaker is open after failures";
}

std::optional<Why> obstacle(const Option& option, SteadyTime now) {
    const auto& entry = *option.entry;
    const auto& settings = entry.channel.settings;
    auto& health = *entry.health;
    if (health.down())
        return Why::down;
    if (!entry.keys->any_usable(now))
        return Why::keys_resting;
    if (settings.concurrent_max > 0 && health.in_flight() >= settings.concurrent_max)
        return Why::busy;
    if (settings.requests_per_minute > 0 &&
        health.requests_this_minute(now) >= settings.requests_per_minute)
        return Why::rate;
    if (health.breaker().state(now) == Breaker::State::open ||
        option.breaker->state(now) == Breaker::State::open)
        return Why::open;
    return std::nullopt;
}

Candidates::Candidates(std::shared_ptr<const Plan> plan, const Wish& wish, Random& random)
    : plan_(std::move(plan)), random_(&random), used_(plan_->options.size()),
      abilities_(wish.abilities), tokens_(wish.tokens), affinity_(wish.affinity) {}

std::optional<Why> Candidates::why_not(const Option& option, SteadyTime now) const {
    if ((abilities_ & ~option.abilities) != 0)
        return Why::unable;
    if (option.context_tokens > 0 && tokens_ > option.context_tokens)
        return Why::too_long;
    return obstacle(option, now);
}

/// Uses an option up: by giving it out, or by noting why not.
bool Candidates::take(std::size_t index, SteadyTime now) {
    const auto& option = plan_->options[index];
    used_.add(index);
    auto why = why_not(option, now);
    // Last, because a yes of a half-open breaker is the probe.
    if (!why && !(option.entry->health->breaker().admit(now) && option.breaker->admit(now)))
        why = Why::open;
    if (why)
        passed_over_.push_back({&option, *why});
    return !why;
}

const Option* Candidates::sample(const Tier& tier, SteadyTime now) {
    std::optional<UsedPlaces> declined;  // by chance, because they recover
    for (int i = 0; i < draws_max; ++i) {
        auto place = tier.sampler->draw(*random_, declined ? *declined : used_, tier.begin);
        if (place == Sampler::none)
            return nullptr;
        auto index = tier.begin + place;
        if (auto part = ramp(plan_->options[index], now); part < 1 && random_->unit() >= part) {
            if (!declined)
                declined.emplace(used_);
            declined->add(index);
            continue;
        }
        if (take(index, now))
            return &plan_->options[index];
        if (declined)
            declined->add(index);
    }
    return nullptr;
}

/// Whoever is left, from a place by chance on.
const Option* Candidates::sweep(const Tier& tier, SteadyTime now, bool weightless) {
    auto count = tier.end - tier.begin;
    auto start = weightless ? 0 : static_cast<std::size_t>(random_->below(count));
    for (std::size_t step = 0; step < count; ++step) {
        auto index = tier.begin + (start + step) % count;
        bool wanted = (weight_of(plan_->options[index]) == 0) == weightless;
        if (wanted && !used_.contains(index) && take(index, now))
            return &plan_->options[index];
    }
    return nullptr;
}

const Option* Candidates::pick(const Tier& tier, SteadyTime now) {
    while (affinity_ != 0 && tier.ring) {
        auto place = tier.ring->find(affinity_, used_, tier.begin);
        if (place == Sampler::none)
            break;
        if (take(tier.begin + place, now))
            return &plan_->options[tier.begin + place];
    }
    if (const auto* option = sample(tier, now))
        return option;
    if (const auto* option = sweep(tier, now, false))
        return option;
    return sweep(tier, now, true);
}

void Candidates::leave_out(std::span<const ChannelId> channels) {
    for (std::size_t i = 0; i < plan_->options.size(); ++i)
        if (std::find(channels.begin(), channels.end(), plan_->options[i].entry->channel.id) !=
            channels.end())
            used_.add(i);
}

const Option* Candidates::next(SteadyTime now) {
    for (; tier_ < plan_->tiers.size(); ++tier_)
        if (const auto* option = pick(plan_->tiers[tier_], now))
            return option;
    return nullptr;
}

bool Candidates::again(const Option& option, SteadyTime now) const {
    return !why_not(option, now);
}

Error Candidates::refusal(SteadyTime now) const {
    Abilities missing = 0;
    bool able = passed_over_.empty();
    for (const auto& each : passed_over_) {
        able = able || !never_able(each.why);
        missing |= abilities_ & ~each.option->abilities;
    }
    if (!able && missing != 0) {
        auto error = fail(Code::unsupported, "no channel that serves this model can do what the "
                                             "call needs: " +
                                                 words_for(missing));
        error.param = "model";
        return error;
    }
    if (!able)
        return fail(Code::unsupported,
                    "the call is longer than any channel takes that serves this model");
    std::string message = "no channel that serves this model can be called now";
    std::optional<std::chrono::milliseconds> wait;
    std::size_t told = 0;
    for (const auto& each : passed_over_) {
        if (told++ < reasons_told)
            message.append(told == 1 ? ": '" : ", '")
                .append(each.option->entry->channel.name)
                .append("': ")
                .append(words_for(each.why));
        auto own = wait_for(each, now);
        if (own && (!wait || *own < *wait))
            wait = own;
    }
    auto error = fail(Code::no_channel, std::move(message));
    error.retry_after = wait;
    return error;
}

}  // namespace obliv::channels
