#pragma once

#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "daemon/channels/candidates.hpp"
#include "daemon/channels/channel_table.hpp"
#include "daemon/channels/plan.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace obliv::channels {

/// What `channel explain` tells.
struct Explanation {
    std::shared_ptr<const Plan> plan;
    std::vector<double> shares;                 ///< of each option within its tier, 0 to 1
    std::vector<std::optional<Why>> obstacles;  ///< of each option, at this moment
    std::vector<Excluded> excluded;
};

/// Model → channels, for one loop. Used on that loop only.
class Channels {
public:
    explicit Channels(std::uint64_t seed);

    void publish(std::shared_ptr<const ChannelTable> table, RoutingSettings routing = {});

    /// model_not_found: no channel serves the model to this group · no_channel: some do, and none
    /// of them is enabled.
    Result<Candidates> route(const Wish& wish);

    const ChannelTable& table() const noexcept { return *table_; }
    const RoutingSettings& routing() const noexcept { return routing_; }

private:
    /// A group and a model, or views of them: a call is looked up without making strings.
    struct Key {
        std::string group;
        std::string model;
    };
    struct KeyView {
        std::string_view group;
        std::string_view model;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const KeyView& key) const noexcept {
            std::hash<std::string_view> hash;
            return hash(key.model) * 31 + hash(key.group);
        }
        std::size_t operator()(const Key& key) const noexcept {
            return (*this)(KeyView{key.group, key.model});
        }
    };
    struct Equal {
        using is_transparent = void;
        template <typename A, typename B>
        bool operator()(const A& a, const B& b) const noexcept {
            return a.model == b.model && a.group == b.group;
        }
    };

    std::shared_ptr<const Plan> plan_for(std::string_view group, std::string_view model);

    std::shared_ptr<const ChannelTable> table_;
    RoutingSettings routing_;
    /// Plans made since the last change. Bounded: names come from callers.
    std::unordered_map<Key, std::shared_ptr<const Plan>, Hash, Equal> plans_;
    Random random_;
};

/// The whole decision for one model. Any thread.
Explanation explain(std::shared_ptr<const ChannelTable> table, const RoutingSettings& routing,
                    std::string_view group, std::string_view model, SteadyTime now);

}  // namespace obliv::channels
