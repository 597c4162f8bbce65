#include "core/wire/gemini_lists.hpp"

#include "core/wire/gemini_wire.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

constexpr string_view models_prefix = "models/";

Result<Json> object_of(string_view body) {
    auto document = parse_json(body);
    if (document && !document->is_object())
        return fail(Code::invalid_request, "the body must be a JSON object");
    return document;
}

/// A reply that is not what was asked for is the provider's fault.
Result<Json> reply_of(string_view body) {
    auto document = parse_json(body);
    if (!document || !document->is_object())
        return fail(Code::upstream_failed, "the provider's reply is not a JSON object");
    return document;
}

/// One request to embed, into `out`.
void read_text(const Json& value, const std::string& path, Complaint& complaint,
               GeminiEmbedding& out) {
    Fields fields(value, path, complaint);
    fields.require("content", "what to embed");
    fields.read("outputDimensionality", out.dimensions);
    fields.read("taskType", out.task);
    fields.read("title", out.title);
    const auto* content = fields.take_object("content");
    const auto* parts = content != nullptr ? member(*content, "parts") : nullptr;
    std::string text;
    if (parts != nullptr && parts->is_array())
        for (const auto& part : *parts) {
            if (const auto* words = member(part, "text"); words == nullptr || !words->is_string())
                complaint.expected(fields.path_of("content.parts"), "texts");
            text += string_in(part, "text");
        }
    out.texts.push_back(std::move(text));
}

Json text_request(const GeminiEmbedding& request, const std::string& text, bool batch) {
    auto out = Json::object();
    if (batch)
        out["model"] = std::string(models_prefix) + request.model;
    out["content"] = {{"parts", Json::array({Json{{"text", text}}})}};
    if (!request.task.empty())
        out["taskType"] = request.task;
    if (!request.title.empty())
        out["title"] = request.title;
    if (request.dimensions)
        out["outputDimensionality"] = *request.dimensions;
    return out;
}

}  // namespace

Result<llm::ChatRequest> read_gemini_count(const RequestSource& source) {
    auto document = object_of(source.body);
    if (!document)
        return document.error();
    const auto* whole = member(*document, "generateContentRequest");
    if (whole == nullptr)
        whole = member(*document, "generate_content_request");
    auto inner = whole != nullptr ? json_text(*whole) : std::string(source.body);
    return read_gemini_request({.body = inner, .model = source.model});
}

Result<std::string> gemini_count_body(const llm::ChatRequest& request) {
    auto written = write_gemini_request(request, {});
    if (!written)
        return written.error();
    auto inner = embedded(written->body);
    inner["model"] = std::string(models_prefix) + request.model;
    return json_text(Json{{"generateContentRequest", std::move(inner)}});
}

std::string gemini_count_reply(std::int64_t tokens) {
    return json_text(Json{{"totalTokens", tokens}});
}

Result<std::int64_t> read_gemini_count_reply(string_view body) {
    auto reply = reply_of(body);
    if (!reply)
        return reply.error();
    auto tokens = int_in(*reply, "totalTokens");
    if (!tokens || *tokens < 0)
        return fail(Code::upstream_failed, "the provider's reply has no count of tokens");
    return *tokens;
}

Result<GeminiModels> read_gemini_models(string_view body) {
    auto reply = reply_of(body);
    if (!reply)
        return reply.error();
    GeminiModels out;
    out.page_token = string_in(*reply, "nextPageToken");
    const auto* models = member(*reply, "models");
    if (models == nullptr || !models->is_array())
        return out;  // an empty list is left out
    for (const auto& model : *models) {
        auto name = string_in(model, "name");
        if (name.starts_with(models_prefix))
            name.erase(0, models_prefix.size());
        if (!name.empty())
            out.names.push_back(std::move(name));
    }
    return out;
}

Result<GeminiEmbedding> read_gemini_embedding(string_view body, string_view model, bool batch) {
    auto document = object_of(body);
    if (!document)
        return document.error();
    Complaint complaint;
    make_names_canonical(*document, complaint);
    GeminiEmbedding out;
    out.model = model;
    if (!batch) {
        read_text(*document, "", complaint, out);
    } else {
        Fields fields(*document, "", complaint);
        fields.require("requests", "what to embed");
        if (const auto* requests = fields.take_array("requests"))
            for (std::size_t i = 0; i < requests->size(); ++i)
                read_text((*requests)[i], element_path("requests", i), complaint, out);
    }
    if (complaint)
        return *complaint.first();
    return out;
}

std::string gemini_embedding_body(const GeminiEmbedding& request, bool batch) {
    if (!batch)
        return json_text(text_request(
            request, request.texts.empty() ? std::string() : request.texts.front(), false));
    auto list = Json::array();
    for (const auto& text : request.texts)
        list.push_back(text_request(request, text, true));
    return json_text(Json{{"requests", std::move(list)}});
}

std::string gemini_embedding_reply(const std::vector<llm::JsonText>& vectors, bool batch) {
    // Vectors are long and already JSON: they are not parsed again.
    std::string out = batch ? R"({"embeddings":[)" : R"({"embedding":)";
    for (std::size_t i = 0; i < vectors.size(); ++i)
        out.append(i > 0 ? "," : "").append(R"({"values":)").append(vectors[i]).append("}");
    return out + (batch ? "]}" : "}");
}

Result<std::vector<llm::JsonText>> read_gemini_embedding_reply(string_view body) {
    auto reply = reply_of(body);
    if (!reply)
        return reply.error();
    const auto* one = member(*reply, "embedding");
    const auto* many = member(*reply, "embeddings");
    auto list = one != nullptr ? Json::array({*one}) : (many != nullptr ? *many : Json::array());
    std::vector<llm::JsonText> out;
    for (const auto& embedding : list) {
        const auto* values = member(embedding, "values");
        if (values == nullptr || !values->is_array())
            return fail(Code::upstream_failed,
                        "the provider's reply has an embedding without values");
        out.push_back(json_text(*values));
    }
    return out;
}

}  // namespace obliv::wire
