#pragma once

#include <cstdint>
#include <string_view>

namespace obliv::llm {

inline constexpr std::int64_t bytes_per_token = 4;
/// No prose of any script has less.
inline constexpr std::int64_t bytes_per_token_min = 2;

/// Tokens of `text_bytes` bytes that a model has read or written: four bytes a token, as published
/// for English; at least one if there is any text. What is billed by this is marked `estimated`.
std::int64_t estimate_tokens(std::int64_t text_bytes) noexcept;

/// Whether the model, as its provider calls it, thinks without showing it: of a stream that broke
/// off nobody can count that.
bool thinks_unseen(std::string_view model) noexcept;

/// What of a request body is text, and how many images or files are inline in it.
struct InputParts {
    std::int64_t text_bytes = 0;
    std::int64_t attachments = 0;
};
InputParts input_parts(std::string_view body) noexcept;

/// What a request body may cost at most on the input side: two bytes a token, which no prose of any
/// script exceeds, and a fixed number for each inline image or file, whose base64 is not text.
std::int64_t input_tokens_bound(std::string_view body) noexcept;
std::int64_t input_tokens_bound(const InputParts& parts) noexcept;

/// The same as a fair estimate, for billing a call whose provider sent no figures.
std::int64_t estimate_input_tokens(std::string_view body) noexcept;
std::int64_t estimate_input_tokens(const InputParts& parts) noexcept;

}  // namespace obliv::llm
