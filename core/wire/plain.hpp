#pragma once

#include "core/llm/plain.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::wire {

/// What a client's reply needs beyond the provider's.
struct PlainOptions {
    std::string model{};              ///< what the client called it
    std::int64_t input_estimate = 0;  ///< tokens, where the provider tells none
};

/// How one format asks for vectors or for a ranking and is answered: pure functions in both
/// directions. Null where a direction does not exist.
struct PlainForm {
    std::string_view name;
    // Towards clients.
    Result<llm::PlainRequest> (*read_request)(const RequestSource&);
    std::string (*write_reply)(const llm::PlainReply&, const llm::PlainRequest&,
                               const PlainOptions&);
    // Towards providers. An Error: this can be said in no way at all.
    Result<WrittenRequest> (*write_request)(const llm::PlainRequest&);
    Result<llm::PlainReply> (*read_reply)(std::string_view body, const llm::PlainRequest&);
    /// Whether a body may name a model where the path does: then it passes only under that name.
    bool model_in_body = false;
};

extern const PlainForm openai_embeddings;
extern const PlainForm gemini_embedding;   ///< `:embedContent`, one text
extern const PlainForm gemini_embeddings;  ///< `:batchEmbedContents`
extern const PlainForm vertex_embeddings;  ///< `:predict`
extern const PlainForm cohere_embeddings;  ///< `/v2/embed`
extern const PlainForm voyage_embeddings;
/// `/model/{model}/invoke`: the forms of Amazon's Titan and Nova and of Cohere's models, told apart
/// by the model's name.
extern const PlainForm bedrock_embeddings;

/// The shape that Cohere and Jina share and that clients send: `documents`, `top_n`, `results`.
extern const PlainForm jina_ranking;
/// Cohere v2 takes texts only and does not send documents back.
extern const PlainForm cohere_ranking;
/// Voyage says `top_k` and `data`.
extern const PlainForm voyage_ranking;

/// An Error if one of the requests of a `:batchEmbedContents` names another model than the path:
/// invalid_request, names the field.
Result<void> check_gemini_models(std::string_view body, std::string_view model);

}  // namespace obliv::wire
