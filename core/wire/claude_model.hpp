#pragma once

#include <string_view>

namespace obliv::wire {

/// How a Claude model is told to think, by its name: `claude-opus-4-6`, and the same inside the
/// names that Bedrock and Vertex give it. Verified for 4.6, whose own error lists its levels; the
/// later ones are taken to be like the last that is known (unverified).
struct ClaudeModel {
    int major = 0;  ///< 0: not a Claude model, or a name without a version
    int minor = 0;

    bool at_least(int other_major, int other_minor) const noexcept {
        return major != other_major ? major > other_major : minor >= other_minor;
    }
    /// It decides how much to think, and is told an effort; the others are given a budget.
    bool adaptive() const noexcept { return at_least(4, 6); }
    /// Whether it lets temperature and the like be set.
    bool takes_sampling() const noexcept { return !at_least(4, 7); }
    /// Whether it goes on with a message of the assistant that stands last.
    bool takes_prefill() const noexcept { return !at_least(4, 6); }
};

ClaudeModel claude_model(std::string_view name) noexcept;

/// The level of effort for a neutral word that this model knows.
std::string_view claude_effort(const ClaudeModel& model, std::string_view effort) noexcept;

}  // namespace obliv::wire
