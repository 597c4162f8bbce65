#include "core/providers/anthropic.hpp"
#include "core/providers/azure.hpp"
#include "core/providers/bedrock.hpp"
#include "core/providers/cohere.hpp"
#include "core/providers/compatible.hpp"
#include "core/providers/gemini.hpp"
#include "core/providers/ollama.hpp"
#include "core/providers/openai.hpp"
#include "core/providers/provider.hpp"
#include "core/providers/qwen.hpp"
#include "core/providers/spark.hpp"
#include "core/providers/vertex.hpp"
#include "core/providers/zhipu.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::array<const Provider*, 28> list{
    &anthropic, &azure,    &bedrock, &cerebras,    &cohere,     &custom,  &deepgram,
    &deepseek,  &gemini,   &groq,    &huggingface, &llamacpp,   &minimax, &mistral,
    &moonshot,  &ollama,   &openai,  &openrouter,  &perplexity, &qianfan, &qwen,
    &spark,     &together, &vertex,  &vllm,        &voyage,     &xai,     &zhipu,
};

}  // namespace

std::span<const Provider* const> all() noexcept {
    return list;
}

const Provider* find(std::string_view name) noexcept {
    for (const auto* provider : list)
        if (provider->name == name)
            return provider;
    return nullptr;
}

const Provider* find(std::string_view name, std::string_view base_url) noexcept {
    const auto* provider = find(name);
    bool forms = provider != nullptr && provider->form_of != nullptr;
    return forms ? provider->form_of(base_url) : provider;
}

}  // namespace obliv::providers
