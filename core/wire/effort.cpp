#include "core/wire/effort.hpp"

#include <array>
#include <utility>

namespace obliv::wire {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> budgets{{
    {"minimal", 1'024},
    {"low", 2'048},
    {"medium", 8'192},
    {"high", 16'384},
    {"xhigh", 32'768},
    {"max", 65'536},
}};

}  // namespace

std::optional<std::int64_t> budget_of_effort(std::string_view effort) noexcept {
    for (const auto& [word, tokens] : budgets)
        if (word == effort)
            return tokens;
    return std::nullopt;
}

std::string_view effort_of_budget(std::int64_t tokens) noexcept {
    if (tokens == 0)
        return "none";
    // A negative budget is Gemini's way to say: as you think fit.
    return tokens < 0 ? "medium" : tokens < 4'096 ? "low" : tokens < 16'384 ? "medium" : "high";
}

std::string_view effort_of(const llm::Reasoning& reasoning) noexcept {
    if (reasoning.enabled == false)
        return "none";
    if (!reasoning.effort.empty())
        return reasoning.effort;
    if (reasoning.budget_tokens)
        return effort_of_budget(*reasoning.budget_tokens);
    return reasoning.enabled || reasoning.adaptive ? "medium" : "";
}

std::optional<bool> thinks(const llm::Reasoning& reasoning) noexcept {
    auto effort = effort_of(reasoning);
    if (effort.empty())
        return std::nullopt;
    return effort != "none";
}

}  // namespace obliv::wire
