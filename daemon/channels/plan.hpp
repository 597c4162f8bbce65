#pragma once

#include "daemon/channels/abilities.hpp"
#include "daemon/channels/channel_table.hpp"
#include "daemon/channels/strategy.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::channels {

/// What the configuration says about choosing.
struct RoutingSettings {
    Strategy strategy = Strategy::weighted_random;
    std::map<int, Strategy> tiers;  ///< by priority, where it differs
    bool affinity = false;          ///< calls of one session go to one channel while it works
    bool token_affinity = false;    ///< and calls without a session those of their token
    /// What a model costs, for Strategy::lowest_price; nothing: no price. Called when a plan is
    /// made.
    std::function<std::optional<double>(std::string_view model)> price;
};

/// One channel that can serve a model, and under which name.
struct Option {
    const Entry* entry = nullptr;
    Match match;
    Breaker* breaker = nullptr;  ///< of the upstream model; lives with the entry's health
    Abilities abilities = every_ability;
    std::int64_t context_tokens = 0;  ///< 0: no limit known
};

/// The options of one priority.
struct Tier {
    std::size_t begin = 0;
    std::size_t end = 0;
    Strategy strategy{};
    std::unique_ptr<Sampler> sampler{};
    std::unique_ptr<HashRing> ring{};  ///< null: no affinity
};

/// Who can serve one model to one group: tiers by falling priority. Keeps its table alive. Its
/// samplers remember turns, so a plan belongs to one loop.
struct Plan {
    std::shared_ptr<const ChannelTable> table;
    std::vector<Option> options;               ///< sorted by priority, then id
    std::vector<Tier> tiers;                   ///< all of the options, in their order
    std::vector<std::string> upstream_models;  ///< of the options, each once
    std::vector<ChannelId> channels;           ///< of the options
    bool limited = false;  ///< some option cannot do everything, or not at every length
};

struct Excluded {
    const Entry* entry;
    std::string reason;
};

/// `excluded`, if given, is told every channel that takes no part, and why.
std::shared_ptr<Plan> make_plan(std::shared_ptr<const ChannelTable> table,
                                const RoutingSettings& routing, std::string_view group,
                                std::string_view model, std::vector<Excluded>* excluded = nullptr);

std::uint64_t weight_of(const Option& option) noexcept;
/// The part of its tier's calls that an option gets while all of the tier works, 0 to 1.
double share_of(const Plan& plan, std::size_t option);

}  // namespace obliv::channels
