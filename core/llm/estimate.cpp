#include "core/llm/estimate.hpp"

#include <algorithm>
#include <array>

namespace obliv::llm {
namespace {

// Providers bill a large image at 1,000 to 2,000 tokens (their image guides); files have more.
constexpr std::int64_t tokens_per_attachment = 2'000;
// No model reads more than this in one call.
constexpr std::int64_t input_tokens_max = 10'000'000;

}  // namespace

InputParts input_parts(std::string_view body) noexcept {
    constexpr std::string_view mark = ";base64,";
    InputParts parts{static_cast<std::int64_t>(body.size()), 0};
    for (auto at = body.find(mark); at != std::string_view::npos; at = body.find(mark, at)) {
        auto begin = at + mark.size();
        auto end = std::min(body.find('"', begin), body.size());
        parts.text_bytes -= static_cast<std::int64_t>(end - begin);
        ++parts.attachments;
        at = end;
    }
    return parts;
}

std::int64_t estimate_tokens(std::int64_t text_bytes) noexcept {
    return (std::max<std::int64_t>(0, text_bytes) + bytes_per_token - 1) / bytes_per_token;
}

bool thinks_unseen(std::string_view model) noexcept {
    // OpenAI's reasoning guide and xAI's: their chat completions show no thoughts.
    constexpr std::array<std::string_view, 6> names{"o1", "o3", "o4", "gpt-5", "codex-", "grok-4"};
    auto name = model.substr(model.rfind('/') + 1);  // "openai/o3" elsewhere
    return std::any_of(names.begin(), names.end(),
                       [&](auto known) { return name.starts_with(known); });
}

std::int64_t input_tokens_bound(std::string_view body) noexcept {
    return input_tokens_bound(input_parts(body));
}

std::int64_t input_tokens_bound(const InputParts& parts) noexcept {
    return std::min(input_tokens_max, parts.text_bytes / bytes_per_token_min + 1 +
                                          parts.attachments * tokens_per_attachment);
}

std::int64_t estimate_input_tokens(std::string_view body) noexcept {
    return estimate_input_tokens(input_parts(body));
}

std::int64_t estimate_input_tokens(const InputParts& parts) noexcept {
    return std::min(input_tokens_max,
                    estimate_tokens(parts.text_bytes) + parts.attachments * tokens_per_attachment);
}

}  // namespace obliv::llm
