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

/// What a request body may cost at most on the input side: two bytes a token, which no prose of any
/// script exceeds, and a fixed number for each inline image or file, whose base64 is not text.
std::int64_t input_tokens_bound(std::string_view body) noexcept;

/// The same as a fair estimate, for billing a call whose provider sent no figures.
std::int64_t estimate_input_tokens(std::string_view body) noexcept;

}  // namespace obliv::llm
