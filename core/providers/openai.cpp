#include "core/providers/openai.hpp"

#include <array>

namespace obliv::providers {
namespace {

// OpenAI API reference; every server that calls itself compatible follows it.
constexpr std::array offers{
    Offer{Operation::chat, nullptr, "/chat/completions"},
    Offer{Operation::models, nullptr, "/models", {}, "GET"},
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::moderations, nullptr, "/moderations"},
};

}  // namespace

const Provider openai{"openai", "https://api.openai.com/v1", offers};

}  // namespace obliv::providers
