#include "core/providers/cohere.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/cohere.hpp"

#include <array>

namespace obliv::providers {
namespace {

// Cohere API reference, version 2. Its OpenAI form lies beside it.
constexpr std::array offers{
    Offer{Operation::chat, &wire::cohere, "/v2/chat"},
    model_list("/v1/models"),
    Offer{Operation::rerank, nullptr, "/v2/rerank"},
    Offer{Operation::embeddings, nullptr, "/compatibility/v1/embeddings"},
};

}  // namespace

const Provider cohere{"cohere", "https://api.cohere.com", offers};

}  // namespace obliv::providers
