// Vectors as Google and Cohere are asked for them.

#include "cli/sim/documents.hpp"
#include "cli/sim/vectors.hpp"

#include <nlohmann/json.hpp>

namespace obliv::sim {
namespace {

using wire::Complaint;
using wire::Fields;
using wire::Json;

std::string text_of(const Json& content) {
    std::string out;
    if (const auto* parts = wire::member(content, "parts"); parts != nullptr && parts->is_array())
        for (const auto& part : *parts)
            out += wire::string_in(part, "text");
    return out;
}

/// One of Google's requests: its text, and the length of the vector.
std::pair<std::string, std::size_t> read_one(const Json& value, const std::string& path,
                                             Complaint& complaint) {
    Fields fields(value, path, complaint);
    fields.require("content", "what to embed");
    const auto* content = fields.take_object("content");
    std::optional<std::int64_t> wanted;
    fields.read("outputDimensionality", wanted);
    return {content == nullptr ? std::string() : text_of(*content),
            vector_length(wanted, fields.path_of("outputDimensionality"), complaint)};
}

}  // namespace

Result<Call> read_gemini_embedding(std::string_view text) {
    auto document = wire::parse_json(text);
    if (!document)
        return document.error();
    Complaint complaint;
    auto [said, length] = read_one(*document, "", complaint);
    Json reply{{"embedding", {{"values", vector_of(said, length)}}}};
    return answered(complaint, "", words_of({said}), reply);
}

Result<Call> read_gemini_embeddings(std::string_view text) {
    auto document = wire::parse_json(text);
    if (!document)
        return document.error();
    Complaint complaint;
    Fields body(*document, "", complaint);
    body.require("requests", "what to embed");
    const auto* requests = body.take_array("requests");
    std::int64_t tokens = 0;
    Json list = Json::array();
    for (std::size_t i = 0; requests != nullptr && i < requests->size(); ++i) {
        auto path = wire::element_path("requests", i);
        auto [said, length] = read_one((*requests)[i], path, complaint);
        if (!wire::string_in((*requests)[i], "model").starts_with("models/"))
            complaint.expected(path + ".model", "the model of the path");
        tokens += words_of({said});
        list.push_back({{"values", vector_of(said, length)}});
    }
    return answered(complaint, "", tokens, Json{{"embeddings", std::move(list)}});
}

Result<Call> read_cohere_embeddings(std::string_view text) {
    auto document = wire::parse_json(text);
    if (!document)
        return document.error();
    Complaint complaint;
    Fields body(*document, "", complaint);
    std::string model;
    std::vector<std::string> texts;
    std::optional<std::int64_t> wanted;
    body.read("model", model);
    body.read_strings("texts", texts);
    body.read("output_dimension", wanted);
    for (const auto* field : {"model", "texts", "input_type", "embedding_types"})
        body.require(field, "Cohere's own field");
    auto length = vector_length(wanted, "output_dimension", complaint);
    Json vectors = Json::array();
    for (const auto& each : texts)
        vectors.push_back(vector_of(each, length));
    auto tokens = words_of(texts);
    Json reply{{"id", "embed-sim"},
               {"embeddings", {{"float", std::move(vectors)}}},
               {"texts", texts},
               {"meta", {{"billed_units", {{"input_tokens", tokens}}}}}};
    return answered(complaint, model, tokens, reply);
}

}  // namespace obliv::sim
