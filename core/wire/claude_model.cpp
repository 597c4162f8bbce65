#include "core/wire/claude_model.hpp"

#include <optional>

namespace obliv::wire {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// A number of one or two digits at the front, taken off: longer ones are dates.
std::optional<int> take_number(std::string_view& text) noexcept {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits]))
        ++digits;
    if (digits == 0 || digits > 2)
        return std::nullopt;
    int value = text[0] - '0';
    if (digits == 2)
        value = value * 10 + (text[1] - '0');
    text.remove_prefix(digits);
    return value;
}

}  // namespace

ClaudeModel claude_model(std::string_view name) noexcept {
    ClaudeModel out;
    auto at = name.find("claude-");
    if (at == std::string_view::npos)
        return out;
    name.remove_prefix(at);
    // `claude-3-7-sonnet`, `claude-opus-4-6`: the first number after a hyphen, and its follower.
    for (auto hyphen = name.find('-'); hyphen != std::string_view::npos; hyphen = name.find('-')) {
        name.remove_prefix(hyphen + 1);
        auto major = take_number(name);
        if (!major)
            continue;
        out.major = *major;
        if (name.starts_with('-') || name.starts_with('.')) {
            name.remove_prefix(1);
            out.minor = take_number(name).value_or(0);
        }
        return out;
    }
    return out;
}

std::string_view claude_effort(const ClaudeModel& model, std::string_view effort) noexcept {
    if (effort == "minimal")
        return "low";
    if (effort == "xhigh" && !model.at_least(4, 7))
        return "high";
    return effort;
}

}  // namespace obliv::wire
