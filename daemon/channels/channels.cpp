#include "daemon/channels/channels.hpp"

#include <algorithm>

namespace obliv::channels {
namespace {

constexpr std::size_t plans_max = 4096;

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

std::shared_ptr<Plan> make_plan(std::shared_ptr<const ChannelTable> table, std::string_view group,
                                std::string_view model,
                                std::vector<Explanation::Excluded>* excluded) {
    auto plan = std::make_shared<Plan>();
    for (const auto& entry : table->entries()) {
        auto match = ChannelTable::match(*entry, model);
        auto reason = exclusion(*entry, group, match);
        if (reason.empty())
            plan->options.push_back({entry.get(), std::move(*match)});
        else if (excluded != nullptr)
            excluded->push_back({entry.get(), std::move(reason)});
    }
    std::stable_sort(plan->options.begin(), plan->options.end(),
                     [](const Option& a, const Option& b) {
                         return a.entry->channel.priority > b.entry->channel.priority;
                     });
    for (const auto& option : plan->options)
        if (std::find(plan->upstream_models.begin(), plan->upstream_models.end(),
                      option.match.upstream_model) == plan->upstream_models.end())
            plan->upstream_models.push_back(option.match.upstream_model);
    plan->table = std::move(table);
    return plan;
}

std::size_t tier_end(const std::vector<Option>& options, std::size_t begin) {
    auto end = begin;
    while (end < options.size() &&
           options[end].entry->channel.priority == options[begin].entry->channel.priority)
        ++end;
    return end;
}

std::uint64_t weight_of(const Option& option) {
    return static_cast<std::uint64_t>(std::max(0, option.entry->channel.weight));
}

}  // namespace

std::string_view words_for(Why why) noexcept {
    switch (why) {
    case Why::open:
        return "its circuit breaker is open after failures";
    case Why::down:
        return "the health checks found it dead";
    case Why::keys_resting:
        return "all of its keys are resting";
    case Why::busy:
        return "as many calls run on it as may";
    case Why::rate:
        break;
    }
    return "as many calls were made to it in this minute as may";
}

double Candidates::share(std::size_t option) const {
    const auto& options = plan_->options;
    auto same_tier = [&](const Option& other) {
        return other.entry->channel.priority == options[option].entry->channel.priority;
    };
    std::uint64_t total = 0;
    for (const auto& other : options)
        total += same_tier(other) ? weight_of(other) : 0;
    if (total > 0)
        return static_cast<double>(weight_of(options[option])) / static_cast<double>(total);
    auto first = std::find_if(options.begin(), options.end(), same_tier);
    return first - options.begin() == static_cast<std::ptrdiff_t>(option) ? 1 : 0;
}

Candidates::Candidates(std::shared_ptr<const Plan> plan, Random& random)
    : plan_(std::move(plan)), random_(&random), used_(plan_->options.size(), false) {}

std::size_t Candidates::pick(std::size_t begin, std::size_t end) {
    std::uint64_t total = 0;
    auto first_free = end;
    for (auto i = begin; i < end; ++i) {
        if (used_[i])
            continue;
        total += weight_of(plan_->options[i]);
        first_free = std::min(first_free, i);
    }
    if (total == 0)
        return first_free;
    auto ticket = random_->below(total);
    for (auto i = begin; i < end; ++i) {
        if (used_[i])
            continue;
        auto weight = weight_of(plan_->options[i]);
        if (ticket < weight)
            return i;
        ticket -= weight;
    }
    return end;
}

const Option* Candidates::next() {
    const auto& options = plan_->options;
    while (tier_ < options.size()) {
        auto end = tier_end(options, tier_);
        auto chosen = pick(tier_, end);
        if (chosen < end) {
            used_[chosen] = true;
            return &options[chosen];
        }
        tier_ = end;
    }
    return nullptr;
}

Channels::Channels(std::uint64_t seed) : table_(ChannelTable::build({}, nullptr)), random_(seed) {}

void Channels::publish(std::shared_ptr<const ChannelTable> table) {
    table_ = std::move(table);
    plans_.clear();
}

std::shared_ptr<const Plan> Channels::plan_for(std::string_view group, std::string_view model) {
    std::string key(group);
    key.append(1, '\0').append(model);
    auto found = plans_.find(key);
    if (found != plans_.end())
        return found->second;
    if (plans_.size() >= plans_max)
        plans_.clear();
    std::shared_ptr<const Plan> plan = make_plan(table_, group, model, nullptr);
    plans_.emplace(std::move(key), plan);
    return plan;
}

Result<Candidates> Channels::route(std::string_view group, std::string_view model) {
    auto plan = plan_for(group, model);
    if (!plan->options.empty())
        return Candidates(std::move(plan), random_);
    auto disabled =
        std::any_of(table_->entries().begin(), table_->entries().end(), [&](const auto& entry) {
            return entry->provider != nullptr && entry->serves_group(group) &&
                   ChannelTable::match(*entry, model);
        });
    auto error =
        disabled
            ? fail(Code::no_channel,
                   "every channel that serves the model '" + std::string(model) + "' is disabled")
            : fail(Code::model_not_found, "no channel serves the model '" + std::string(model) +
                                              "' to the group '" + std::string(group) + "'");
    error.param = "model";
    return error;
}

Explanation explain(std::shared_ptr<const ChannelTable> table, std::string_view group,
                    std::string_view model) {
    Explanation out;
    auto plan = make_plan(std::move(table), group, model, &out.excluded);
    const auto& options = plan->options;
    for (std::size_t begin = 0; begin < options.size();) {
        auto end = tier_end(options, begin);
        std::uint64_t total = 0;
        for (auto i = begin; i < end; ++i)
            total += weight_of(options[i]);
        for (auto i = begin; i < end; ++i) {
            auto equal = i == begin ? 1.0 : 0.0;  // of nothing but zeros the first is taken
            out.shares.push_back(total == 0 ? equal
                                            : static_cast<double>(weight_of(options[i])) /
                                                  static_cast<double>(total));
        }
        begin = end;
    }
    out.plan = std::move(plan);
    return out;
}

}  // namespace obliv::channels
