#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::channels {

/// What a call can need of a channel, by name; a call's needs are a set of bits. A name that is not
/// in this list may stand in an offer; no call needs it.
inline constexpr std::array<std::string_view, 9> ability_names{
    "stream",      "tools",       "vision",    "audio",  "files",
    "json_object", "json_schema", "reasoning", "choices"};

using Abilities = std::uint32_t;

constexpr Abilities ability(std::string_view name) noexcept {
    for (std::size_t i = 0; i < ability_names.size(); ++i)
        if (ability_names[i] == name)
            return 1U << i;
    return 0;
}

inline constexpr Abilities every_ability = (1U << ability_names.size()) - 1;

/// The bits of a list of names; all of them for an empty one, which tells nothing.
Abilities abilities_of(const std::vector<std::string>& names) noexcept;

/// `tools and vision`.
std::string words_for(Abilities abilities);

}  // namespace obliv::channels
