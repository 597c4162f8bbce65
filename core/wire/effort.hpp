#pragma once

#include "core/llm/chat_request.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace obliv::wire {

/// The tokens of thought that stand for a word of effort: `minimal` 1,024, `low` 2,048, `medium`
/// 8,192, `high` 16,384, `xhigh` 32,768, `max` 65,536; nothing for `none` and for other words.
std::optional<std::int64_t> budget_of_effort(std::string_view effort) noexcept;

/// The word for a number of tokens: under 4,096 `low`, under 16,384 `medium`, else `high`; for none
/// at all `none`. Never `minimal` or the words above `high`, which few models know.
std::string_view effort_of_budget(std::int64_t tokens) noexcept;

/// The word for what was asked for, however it was said; empty: nothing was.
std::string_view effort_of(const llm::Reasoning& reasoning) noexcept;

/// Whether the model is to think; nothing: the provider's default.
std::optional<bool> thinks(const llm::Reasoning& reasoning) noexcept;

}  // namespace obliv::wire
