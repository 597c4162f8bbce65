#pragma once

#include "core/api/schema.hpp"

#include <array>
#include <cstdint>

/// What a count of tokens is asked by, and how it is answered.
namespace obliv::api::count_schemas {

using enum Type;
using enum Presence;

inline constexpr std::int64_t bytes_max = 1'000'000;

inline constexpr std::array ask{
    Field{"model", model, must, "whose tokens"},
    Field{"text", content, may, "what is to be counted; or else `request`", "", 0, bytes_max},
    Field{"request", free, may, "a whole request, with roles, tools and images", "", 0, bytes_max},
    Field{"format", choice, may, "of `request`; openai by default",
          "openai|responses|anthropic|gemini"},
};

inline constexpr std::array answer{
    Field{"tokens", integer, must, "", "", 0, INT64_MAX},
    Field{"exact", boolean, must, "what the provider counts too; else an estimate"},
    Field{"model", text, must, ""},
    Field{"encoding", text, must_or_null, "null: the model's tokenizer is not public"},
};

}  // namespace obliv::api::count_schemas
