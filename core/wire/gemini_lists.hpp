#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_request.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// Reads the body of `:countTokens`: `contents` alone, or a whole request in
/// `generateContentRequest`.
Result<llm::ChatRequest> read_gemini_count(const RequestSource& source);

/// The body that asks an upstream for the same count.
Result<std::string> gemini_count_body(const llm::ChatRequest& request);

/// The answer to it, and what such an answer says.
std::string gemini_count_reply(std::int64_t tokens);
Result<std::int64_t> read_gemini_count_reply(std::string_view body);

/// The names in one page of an upstream's list of models, without `models/`, and where the next
/// begins; empty: that was the last.
struct GeminiModels {
    std::vector<std::string> names;
    std::string page_token;
};
Result<GeminiModels> read_gemini_models(std::string_view body);

/// Texts to embed: `:embedContent` takes one, `:batchEmbedContents` several.
struct GeminiEmbedding {
    std::string model;
    std::vector<std::string> texts;
    std::optional<std::int64_t> dimensions;
    std::string task;   ///< `RETRIEVAL_QUERY` ...; empty: not told
    std::string title;  ///< of a document
};

/// Error: `invalid_request`, names the field; parts that are no text cannot be embedded here.
Result<GeminiEmbedding> read_gemini_embedding(std::string_view body, std::string_view model,
                                              bool batch);
std::string gemini_embedding_body(const GeminiEmbedding& request, bool batch);

/// The vectors of a reply, in the order of the texts: JSON arrays of numbers, as they came.
std::string gemini_embedding_reply(const std::vector<llm::JsonText>& vectors, bool batch);
Result<std::vector<llm::JsonText>> read_gemini_embedding_reply(std::string_view body);

}  // namespace obliv::wire
