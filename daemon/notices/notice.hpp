#pragma once

#include "core/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::notices {

enum class Severity : std::uint8_t { info, warning, critical };
constexpr std::string_view name_of(Severity severity) noexcept {
    return severity == Severity::critical  ? "critical"
           : severity == Severity::warning ? "warning"
                                           : "info";
}

/// Something that people are to hear of. Texts are fit to be shown and hold no secrets.
struct Notice {
    std::string id;  ///< the same in every delivery of it, however often that is repeated
    WallTime time{};
    std::string kind;  ///< `channel.disabled`, `balance.low` ...: public
    Severity severity = Severity::info;
    std::string subject;  ///< the channel or account that it is about; empty: none
    std::string title;    ///< one line
    std::string text;
};

}  // namespace obliv::notices
