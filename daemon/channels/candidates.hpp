#pragma once

#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "daemon/channels/plan.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace obliv::channels {

/// What a call asks for.
struct Wish {
    std::string_view group;
    std::string_view model;
    Abilities abilities = 0;     ///< that it needs
    std::int64_t tokens = 0;     ///< prompt and reply together, at least; 0: not counted
    std::uint64_t affinity = 0;  ///< calls with one number go to one channel; 0: to any
};

/// Why a channel that could serve a call is not asked.
enum class Why : std::uint8_t {
    down,          ///< the health checks found it dead
    keys_resting,  ///< all of its keys are
    busy,          ///< as many calls run on it as may
    rate,          ///< as many calls were made in this minute as may
    unable,        ///< it lacks an ability that the call needs
    too_long,      ///< the call is longer than its model takes
    open,          ///< its circuit breaker is
};
std::string_view words_for(Why why) noexcept;

/// What stands in the way of a call that asks for nothing special. Takes no probe. Any thread.
std::optional<Why> obstacle(const Option& option, SteadyTime now);

struct PassedOver {
    const Option* option;
    Why why;
};

/// The channels to try for one call, best first. Each is given out at most once, and one that
/// cannot be called never.
class Candidates {
public:
    Candidates() noexcept = default;  ///< of no plan: to be assigned to
    Candidates(std::shared_ptr<const Plan> plan, const Wish& wish, Random& random);

    /// What the call needs, where it is found out late: only for a plan that is limited.
    void require(Abilities abilities, std::int64_t tokens) noexcept {
        abilities_ = abilities;
        tokens_ = tokens;
    }

    /// These are not given out.
    void leave_out(std::span<const ChannelId> channels);

    /// The next channel of the highest tier that has one left, as its strategy says; those of
    /// weight 0 when the others of their tier are used up. Null: none is left.
    const Option* next(SteadyTime now);
    /// Whether a channel that was given out may be called again: it must be possible still.
    bool again(const Option& option, SteadyTime now) const;

    const Plan& plan() const noexcept { return *plan_; }
    /// What next() did not give out although it serves the model.
    const std::vector<PassedOver>& passed_over() const noexcept { return passed_over_; }
    double share(std::size_t option) const { return share_of(*plan_, option); }
    /// The error for a call that no channel could be tried for.
    Error refusal(SteadyTime now) const;

private:
    const Option* pick(const Tier& tier, SteadyTime now);
    const Option* sample(const Tier& tier, SteadyTime now);
    const Option* sweep(const Tier& tier, SteadyTime now, bool weightless);
    bool take(std::size_t option, SteadyTime now);
    std::optional<Why> why_not(const Option& option, SteadyTime now) const;

    std::shared_ptr<const Plan> plan_;
    Random* random_ = nullptr;
    UsedPlaces used_;
    std::vector<PassedOver> passed_over_;
    std::size_t tier_ = 0;
    Abilities abilities_ = 0;
    std::int64_t tokens_ = 0;
    std::uint64_t affinity_ = 0;
};

}  // namespace obliv::channels
