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
    generations_of_images("/images/generations"),
    Offer{Operation::image_edits, nullptr, "/images/edits"},
    Offer{Operation::image_variations, nullptr, "/images/variations"},
    speech("/audio/speech"),
    transcriptions("/audio/transcriptions"),
    translations("/audio/translations"),
    Offer{Operation::files, nullptr, "/files"},
    Offer{Operation::batches, nullptr, "/batches"},
    Offer{Operation::realtime, nullptr, "/realtime?model={model}", {}, "GET"},
};

}  // namespace

const Provider openai{"openai", "https://api.openai.com/v1", offers};

}  // namespace obliv::providers
