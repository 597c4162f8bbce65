#include "daemon/channels/channels.hpp"

#include <algorithm>

namespace obliv::channels {
namespace {

constexpr std::size_t plans_max = 4096;

}  // namespace

Channels::Channels(std::uint64_t seed) : table_(ChannelTable::build({}, nullptr)), random_(seed) {}

void Channels::publish(std::shared_ptr<const ChannelTable> table, RoutingSettings routing) {
    table_ = std::move(table);
    routing_ = std::move(routing);
    plans_.clear();
}

std::shared_ptr<const Plan> Channels::plan_for(std::string_view group, std::string_view model) {
    auto found = plans_.find(KeyView{group, model});
    if (found != plans_.end())
        return found->second;
    if (plans_.size() >= plans_max)
        plans_.clear();
    std::shared_ptr<const Plan> plan = make_plan(table_, routing_, group, model);
    plans_.emplace(Key{std::string(group), std::string(model)}, plan);
    return plan;
}

Result<Candidates> Channels::route(const Wish& wish) {
    auto plan = plan_for(wish.group, wish.model);
    if (!plan->options.empty())
        return Candidates(std::move(plan), wish, random_);
    auto disabled =
        std::any_of(table_->entries().begin(), table_->entries().end(), [&](const auto& entry) {
            return entry->provider != nullptr && entry->serves_group(wish.group) &&
                   ChannelTable::match(*entry, wish.model);
        });
    auto error = disabled ? fail(Code::no_channel, "every channel that serves the model '" +
                                                       std::string(wish.model) + "' is disabled")
                          : fail(Code::model_not_found,
                                 "no channel serves the model '" + std::string(wish.model) +
                                     "' to the group '" + std::string(wish.group) + "'");
    error.param = "model";
    return error;
}

Explanation explain(std::shared_ptr<const ChannelTable> table, const RoutingSettings& routing,
                    std::string_view group, std::string_view model, SteadyTime now) {
    Explanation out;
    out.plan = make_plan(std::move(table), routing, group, model, &out.excluded);
    for (std::size_t i = 0; i < out.plan->options.size(); ++i) {
        out.shares.push_back(share_of(*out.plan, i));
        out.obstacles.push_back(obstacle(out.plan->options[i], now));
    }
    return out;
}

}  // namespace obliv::channels
