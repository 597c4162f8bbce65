#include "daemon/channels/abilities.hpp"

namespace obliv::channels {

Abilities abilities_of(const std::vector<std::string>& names) noexcept {
    if (names.empty())
        return every_ability;
    Abilities out = 0;
    for (const auto& name : names)
        out |= ability(name);
    return out;
}

std::string words_for(Abilities abilities) {
    std::string out;
    for (std::size_t i = 0; i < ability_names.size(); ++i)
        if ((abilities & (1U << i)) != 0)
            out.append(out.empty() ? "" : " and ").append(ability_names[i]);
    return out;
}

}  // namespace obliv::channels
