#include "daemon/channels/plan.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace obliv::channels {
namespace {

/// Why a channel takes no part; empty: it does.
std::string exclusion(const Entry& entry, std::string_view group,
                      const std::optional<Match>& match) {
    if (entry.provider == nullptr)
        return "its type '" + entry.channel.type + "' is not known to this version";
    if (!entry.serves_group(group))
        return "it does not serve the group '" + std::string(group) + "'";
    if (!match)
        return "none of its models or aliases matches";
    if (!entry.channel.enabled)
        return "it is disabled";
    return {};
}

Option make_option(const Entry& entry, Match match) {
    Option option;
    option.entry = &entry;
    option.breaker = &entry.health->breaker(match.upstream_model);
    if (const auto* offer = entry.offer_for(match.upstream_model)) {
        option.abilities = abilities_of(offer->abilities);
        option.context_tokens = offer->context_tokens;
    }
    option.match = std::move(match);
    return option;
}

/// What a call to the option costs us beside others; nobody knows: last.
double price_of(const Option& option, const RoutingSettings& routing) {
    auto price = routing.price ? routing.price(option.match.upstream_model) : std::nullopt;
    double factor = 1;
    const auto& text = option.entry->channel.settings.cost_factor;
    std::from_chars(text.data(), text.data() + text.size(), factor);
    if (!price && routing.price)
        return std::numeric_limits<double>::max();
    return price.value_or(1) * factor;
}

Tier make_tier(const Plan& plan, std::size_t begin, std::size_t end,
               const RoutingSettings& routing) {
    Tier tier;
    tier.begin = begin;
    tier.end = end;
    auto own = routing.tiers.find(plan.options[begin].entry->channel.priority);
    tier.strategy = own == routing.tiers.end() ? routing.strategy : own->second;
    std::vector<Seat> seats;
    std::vector<HashRing::Place> places;
    for (auto i = begin; i < end; ++i) {
        const auto& option = plan.options[i];
        auto price = tier.strategy == Strategy::lowest_price ? price_of(option, routing) : 0;
        seats.push_back({weight_of(option), price, option.entry->health.get()});
        if (routing.affinity)
            places.push_back(
                {static_cast<std::uint64_t>(option.entry->channel.id.value), weight_of(option)});
    }
    tier.sampler = make_sampler(tier.strategy, std::move(seats));
    if (routing.affinity)
        tier.ring = std::make_unique<HashRing>(places);
    return tier;
}

void make_tiers(Plan& plan, const RoutingSettings& routing) {
    const auto& options = plan.options;
    for (std::size_t begin = 0; begin < options.size();) {
        auto end = begin;
        while (end < options.size() &&
               options[end].entry->channel.priority == options[begin].entry->channel.priority)
            ++end;
        plan.tiers.push_back(make_tier(plan, begin, end, routing));
        begin = end;
    }
}

}  // namespace

std::uint64_t weight_of(const Option& option) noexcept {
    return static_cast<std::uint64_t>(std::max(0, option.entry->channel.weight));
}

double share_of(const Plan& plan, std::size_t option) {
    auto tier = std::find_if(plan.tiers.begin(), plan.tiers.end(),
                             [&](const Tier& each) { return option < each.end; });
    std::uint64_t total = 0;
    for (auto i = tier->begin; i < tier->end; ++i)
        total += weight_of(plan.options[i]);
    if (total > 0)
        return static_cast<double>(weight_of(plan.options[option])) / static_cast<double>(total);
    return option == tier->begin ? 1 : 0;  // of nothing but zeros the first is taken
}

std::shared_ptr<Plan> make_plan(std::shared_ptr<const ChannelTable> table,
                                const RoutingSettings& routing, std::string_view group,
                                std::string_view model, std::vector<Excluded>* excluded) {
    auto plan = std::make_shared<Plan>();
    for (const auto& entry : table->entries()) {
        auto match = ChannelTable::match(*entry, model);
        auto reason = exclusion(*entry, group, match);
        if (reason.empty())
            plan->options.push_back(make_option(*entry, std::move(*match)));
        else if (excluded != nullptr)
            excluded->push_back({entry.get(), std::move(reason)});
    }
    std::stable_sort(plan->options.begin(), plan->options.end(),
                     [](const Option& a, const Option& b) {
                         return a.entry->channel.priority > b.entry->channel.priority;
                     });
    for (const auto& option : plan->options)
        plan->channels.push_back(option.entry->channel.id);
    for (const auto& option : plan->options)
        if (std::find(plan->upstream_models.begin(), plan->upstream_models.end(),
                      option.match.upstream_model) == plan->upstream_models.end())
            plan->upstream_models.push_back(option.match.upstream_model);
    plan->limited =
        std::any_of(plan->options.begin(), plan->options.end(), [](const Option& option) {
            return option.abilities != every_ability || option.context_tokens > 0;
        });
    make_tiers(*plan, routing);
    plan->table = std::move(table);
    return plan;
}

}  // namespace obliv::channels
