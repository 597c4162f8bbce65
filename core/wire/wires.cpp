#include "core/wire/wire.hpp"

#include "core/wire/anthropic.hpp"
#include "core/wire/bedrock.hpp"
#include "core/wire/cohere.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/dashscope.hpp"
#include "core/wire/gemini.hpp"
#include "core/wire/ollama.hpp"
#include "core/wire/openai.hpp"
#include "core/wire/responses.hpp"
#include "core/wire/spark.hpp"

#include <array>

namespace obliv::wire {
namespace {

// Written out, never filled by constructors: a linker drops what nothing names.
// clang-format off
constexpr std::array<const Wire*, 10> list{
    &anthropic,
    &bedrock,
    &cohere,
    &completions,
    &dashscope,
    &gemini,
    &ollama,
    &openai,
    &responses,
    &spark,
};
// clang-format on

}  // namespace

std::span<const Wire* const> all() noexcept {
    return list;
}

const Wire* find(std::string_view name) noexcept {
    for (const auto* wire : list)
        if (wire->name == name)
            return wire;
    return nullptr;
}

}  // namespace obliv::wire
