#pragma once

#include "core/llm/content.hpp"
#include "core/llm/usage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// Calls that are answered whole and are no chat, in no provider's words.
namespace obliv::llm {

/// What a vector is made for, where a provider makes several kinds.
enum class EmbeddingTask : std::uint8_t {
    unset,
    query,
    document,
    similarity,
    classification,
    clustering,
    question,
    fact,
    code,  ///< a question whose answer is code
};

/// Texts that become vectors.
struct Embedding {
    std::vector<std::string> texts;
    /// Instead of texts: arrays of numbers that only the model's own tokenizer understands.
    std::vector<JsonText> tokens;
    std::optional<std::int64_t> dimensions;
    EmbeddingTask task = EmbeddingTask::unset;
    std::string title;    ///< of a document; empty: not told
    bool base64 = false;  ///< vectors come as the base64 of 32-bit floats, little end first

    std::size_t size() const noexcept { return tokens.empty() ? texts.size() : tokens.size(); }
};

/// Documents to be put in the order of what they say to a query.
struct Ranking {
    std::string query;
    std::vector<std::string> documents;
    std::optional<std::int64_t> top_n;
    bool return_documents = false;  ///< in the results
};

struct PlainRequest {
    std::string wire;  ///< name of the form that it came by: whose extras these are
    std::string model;
    std::variant<Embedding, Ranking> what;
    std::vector<Extra> extras{};
};

/// One vector for each text, in their order: JSON arrays of numbers, as they came.
struct Vectors {
    std::vector<JsonText> values;
};

struct Rank {
    std::int64_t index = 0;  ///< of the document
    JsonText score;
};

struct PlainReply {
    std::variant<Vectors, std::vector<Rank>> what;
    std::optional<Usage> usage{};  ///< nothing: the provider does not tell
    /// Members that a client of any form gets as they are: `id`, `meta`.
    std::vector<Extra> extras{};
};

}  // namespace obliv::llm
