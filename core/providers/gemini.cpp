#include "core/providers/gemini.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/gemini.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::array offers{
    Offer{Operation::chat, &wire::gemini, "/v1beta/models/{model}:generateContent",
          "/v1beta/models/{model}:streamGenerateContent?alt=sse"},
    Offer{Operation::models, nullptr, "/v1beta/models", {}, "GET"},
    of_form(Operation::embeddings, wire::gemini_embeddings,
            "/v1beta/models/{model}:batchEmbedContents"),
    of_form(Operation::embeddings, wire::gemini_embedding, "/v1beta/models/{model}:embedContent"),
};

}  // namespace

// Gemini API reference. Google's SDK takes the base URL without a version.
const Provider gemini{.name = "gemini",
                      .default_base_url = "https://generativelanguage.googleapis.com",
                      .offers = offers,
                      .credential = {"x-goog-api-key", ""}};

}  // namespace obliv::providers
