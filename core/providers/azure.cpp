#include "core/providers/azure.hpp"

#include "core/providers/offers.hpp"

#include <array>

namespace obliv::providers {
namespace {

// 2024-10-21 is the newest version that is not a preview; it knows `stream_options`.
constexpr std::array by_deployment{
    openai_chat("/openai/deployments/{model}/chat/completions?api-version=2024-10-21"),
    model_list("/openai/models?api-version=2024-10-21"),
    Offer{Operation::embeddings, nullptr,
          "/openai/deployments/{model}/embeddings?api-version=2024-10-21"},
    generations_of_images("/openai/deployments/{model}/images/generations?api-version=2024-10-21"),
    transcriptions("/openai/deployments/{model}/audio/transcriptions?api-version=2024-10-21"),
    translations("/openai/deployments/{model}/audio/translations?api-version=2024-10-21"),
    Offer{Operation::files, nullptr, "/openai/files?api-version=2024-10-21"},
    Offer{Operation::batches, nullptr, "/openai/batches?api-version=2024-10-21"},
    Offer{Operation::realtime,
          nullptr,
          "/openai/realtime?api-version=2024-10-01-preview&deployment={model}",
          {},
          "GET"},
};

constexpr std::array without_version{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    generations_of_images("/images/generations"),
    Offer{Operation::image_edits, nullptr, "/images/edits"},
    speech("/audio/speech"),
    transcriptions("/audio/transcriptions"),
    translations("/audio/translations"),
    Offer{Operation::files, nullptr, "/files"},
    Offer{Operation::batches, nullptr, "/batches"},
    Offer{Operation::realtime, nullptr, "/realtime?model={model}", {}, "GET"},
};

constexpr std::array of_foundry{
    openai_chat("/chat/completions?api-version=2024-05-01-preview"),
    Offer{Operation::embeddings, nullptr, "/embeddings?api-version=2024-05-01-preview"},
};

constexpr Credential key{"api-key", ""};

constexpr wire::Dialect dialect_of_foundry() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    return dialect;
}

// A model is named in the body, as at OpenAI.
const Provider azure_v1{"azure", "", without_version, {}, key};
// Models of other makers, behind `https://….services.ai.azure.com/models`.
const Provider azure_foundry{"azure", "", of_foundry, dialect_of_foundry(), key};

const Provider* form_of(std::string_view base_url) {
    if (base_url.ends_with("/openai/v1"))
        return &azure_v1;
    return base_url.ends_with("/models") ? &azure_foundry : &azure;
}

}  // namespace

const Provider azure{.name = "azure",
                     .default_base_url = "",
                     .offers = by_deployment,
                     .credential = key,
                     .form_of = form_of};

}  // namespace obliv::providers
