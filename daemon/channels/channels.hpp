#pragma once

#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "daemon/channels/channel_table.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace obliv::channels {

/// One channel that can serve a model, and under which name.
struct Option {
    const Entry* entry = nullptr;
    Match match;
};

/// Who can serve one model to one group: tiers by falling priority. Immutable; keeps its table
/// alive.
struct Plan {
    std::shared_ptr<const ChannelTable> table;
    std::vector<Option> options;               ///< sorted by priority, then id
    std::vector<std::string> upstream_models;  ///< of the options, each once
};

/// Why a channel that could serve a call was not asked.
enum class Why : std::uint8_t {
    open,          ///< its circuit breaker is
    down,          ///< the health checks found it dead
    keys_resting,  ///< all of its keys are
    busy,          ///< as many calls run on it as may
    rate,          ///< as many calls were made in this minute as may
};
std::string_view words_for(Why why) noexcept;

struct PassedOver {
    const Option* option;
    Why why;
};

/// The channels to try for one call, best first. Each is given out at most once.
class Candidates {
public:
    Candidates(std::shared_ptr<const Plan> plan, Random& random);

    /// The next channel: by chance within the highest tier that has one left, in proportion to the
    /// weights; those of weight 0 when the others of their tier are used up. Null: none is left.
    const Option* next();

    const Plan& plan() const noexcept { return *plan_; }
    /// What next() did not give out although it serves the model.
    const std::vector<PassedOver>& passed_over() const noexcept { return passed_over_; }
    /// The part of its tier's calls that an option gets while all of the tier works, 0 to 1.
    double share(std::size_t option) const;

private:
    std::size_t pick(std::size_t begin, std::size_t end);

    std::shared_ptr<const Plan> plan_;
    Random* random_;
    std::vector<bool> used_;
    std::vector<PassedOver> passed_over_;
    std::size_t tier_ = 0;  ///< first option of the tier in use
};

/// What `channel explain` tells.
struct Explanation {
    struct Excluded {
        const Entry* entry;
        std::string reason;
    };
    std::shared_ptr<const Plan> plan;
    std::vector<double> shares;  ///< of each option within its tier, 0 to 1
    std::vector<Excluded> excluded;
};

/// Model → channels, for one loop. Used on that loop only.
class Channels {
public:
    explicit Channels(std::uint64_t seed);

    void publish(std::shared_ptr<const ChannelTable> table);

    /// model_not_found: no channel serves the model to this group · no_channel: some do, and none
    /// of them is enabled.
    Result<Candidates> route(std::string_view group, std::string_view model);

    const ChannelTable& table() const noexcept { return *table_; }

private:
    std::shared_ptr<const Plan> plan_for(std::string_view group, std::string_view model);

    std::shared_ptr<const ChannelTable> table_;
    /// Plans made since the last change, by group, zero byte, model. Bounded: names come from
    /// callers.
    std::unordered_map<std::string, std::shared_ptr<const Plan>> plans_;
    Random random_;
};

/// The whole decision for one model. Any thread.
Explanation explain(std::shared_ptr<const ChannelTable> table, std::string_view group,
                    std::string_view model);

}  // namespace obliv::channels
