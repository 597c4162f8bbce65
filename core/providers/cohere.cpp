#include "core/providers/cohere.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/cohere.hpp"

#include <array>

namespace obliv::providers {
namespace {

// Cohere API reference, version 2.
constexpr std::array offers{
    Offer{Operation::chat, &wire::cohere, "/v2/chat"},
    model_list("/v1/models"),
    of_form(Operation::rerank, wire::cohere_ranking, "/v2/rerank"),
    of_form(Operation::embeddings, wire::cohere_embeddings, "/v2/embed"),
};

}  // namespace

const Provider cohere{"cohere", "https://api.cohere.com", offers};

}  // namespace obliv::providers
