#include "core/providers/openai.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/responses.hpp"

#include <array>

namespace obliv::providers {
namespace {

// OpenAI API reference; every server that calls itself compatible follows it.
constexpr std::array offers{
    openai_chat("/chat/completions"),
    Offer{Operation::chat, &wire::responses, "/responses"},
    openai_completions("/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{Operation::moderations, nullptr, "/moderations"},
};

}  // namespace

const Provider openai{"openai", "https://api.openai.com/v1", offers};

}  // namespace obliv::providers
