#pragma once

#include <span>
#include <string_view>

namespace obliv::tokenizer {

/// Models whose names begin alike, and how their tokens are counted.
struct ModelRule {
    std::string_view prefix;
    std::string_view encoding;  ///< empty: not public, so it is estimated
    int percent = 100;          ///< of an estimate, compared to o200k_base
};

/// All rules, as data.
std::span<const ModelRule> model_rules() noexcept;

/// The rule with the longest prefix of the model's name; what stands before a slash (a provider)
/// and a leading `ft:` (a fine-tuned model) do not count as part of it. A model that no rule knows
/// is estimated.
const ModelRule& rule_of(std::string_view model) noexcept;

}  // namespace obliv::tokenizer
