// Google's forms: one text, several, and Vertex AI's.

#include "core/wire/embedding_parts.hpp"
#include "core/wire/gemini_wire.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::EmbeddingTask;
using std::string_view;

constexpr string_view models_prefix = "models/";

constexpr std::array tasks{
    TaskWord{"RETRIEVAL_QUERY", EmbeddingTask::query},
    TaskWord{"RETRIEVAL_DOCUMENT", EmbeddingTask::document},
    TaskWord{"SEMANTIC_SIMILARITY", EmbeddingTask::similarity},
    TaskWord{"CLASSIFICATION", EmbeddingTask::classification},
    TaskWord{"CLUSTERING", EmbeddingTask::clustering},
    TaskWord{"QUESTION_ANSWERING", EmbeddingTask::question},
    TaskWord{"FACT_VERIFICATION", EmbeddingTask::fact},
    TaskWord{"CODE_RETRIEVAL_QUERY", EmbeddingTask::code},
};
constexpr string_view no_task = "TASK_TYPE_UNSPECIFIED";

/// What one request says beside its text: all of a batch have to say the same to others than
/// Google, whose formats say it once.
struct Common {
    std::optional<std::int64_t> dimensions;
    std::string task;
    std::string title;
    std::vector<llm::Extra> extras;
    bool operator==(const Common&) const = default;
};

std::string read_text(Fields& fields) {
    fields.require("content", "what to embed");
    const auto* content = fields.take_object("content");
    const auto* parts = content != nullptr ? member(*content, "parts") : nullptr;
    std::string text;
    if (parts != nullptr && parts->is_array())
        for (const auto& part : *parts) {
            if (const auto* words = member(part, "text"); words == nullptr || !words->is_string())
                fields.complaint().expected(fields.path_of("content.parts"), "texts");
            text += string_in(part, "text");
        }
    return text;
}

/// One request to embed.
std::string read_one(const Json& value, const std::string& path, Complaint& complaint,
                     Common& common) {
    Fields fields(value, path, complaint);
    fields.take("model");
    fields.read("outputDimensionality", common.dimensions);
    fields.read("taskType", common.task);
    fields.read("title", common.title);
    auto text = read_text(fields);
    fields.rest(common.extras);
    if (common.task == no_task)
        common.task.clear();
    if (!common.task.empty() && task_of(tasks, common.task) == EmbeddingTask::unset)
        complaint.expected(fields.path_of("taskType"), "one of Google's task types");
    return text;
}

/// All requests of a batch.
void read_all(const Json& document, Complaint& complaint, Common& common, llm::Embedding& out) {
    Fields fields(document, "", complaint);
    fields.require("requests", "what to embed");
    const auto* requests = fields.take_array("requests");
    if (requests == nullptr)
        return;
    for (std::size_t i = 0; i < requests->size(); ++i) {
        Common here;
        auto path = element_path("requests", i);
        out.texts.push_back(read_one((*requests)[i], path, complaint, here));
        if (i > 0 && here != common)
            complaint.expected(path, "like the first but for its content: the model's provider "
                                     "is told the rest once");
        common = std::move(here);
    }
}

Result<llm::PlainRequest> read(const RequestSource& source, bool batch) {
    auto document = parse_json(source.body);
    if (!document)
        return document.error();
    Complaint complaint;
    make_names_canonical(*document, complaint);
    llm::PlainRequest out{std::string(gemini_name), std::string(source.model), llm::Embedding{}};
    auto& embedding = std::get<llm::Embedding>(out.what);
    Common common;
    if (batch)
        read_all(*document, complaint, common, embedding);
    else
        embedding.texts.push_back(read_one(*document, "", complaint, common));
    embedding.dimensions = common.dimensions;
    embedding.task = task_of(tasks, common.task);
    embedding.title = std::move(common.title);
    out.extras = std::move(common.extras);
    if (complaint)
        return *complaint.first();
    return out;
}

Result<llm::PlainRequest> read_single(const RequestSource& source) {
    return read(source, false);
}
Result<llm::PlainRequest> read_batch(const RequestSource& source) {
    return read(source, true);
}

Json request_of(const llm::PlainRequest& request, const std::string& text) {
    const auto& embedding = embedding_of(request);
    Json out{{"model", std::string(models_prefix) + request.model},
             {"content", {{"parts", Json::array({Json{{"text", text}}})}}}};
    if (embedding.task != EmbeddingTask::unset)
        out["taskType"] = word_of(tasks, embedding.task);
    if (!embedding.title.empty())
        out["title"] = embedding.title;
    if (embedding.dimensions)
        out["outputDimensionality"] = *embedding.dimensions;
    if (request.wire == gemini_name)
        for (const auto& extra : request.extras)
            out[extra.name] = embedded(extra.value);
    return out;
}

Result<WrittenRequest> write(const llm::PlainRequest& request, bool batch) {
    if (auto fits = only_texts(request); !fits)
        return fits.error();
    PlainLosses losses(request);
    if (request.wire != gemini_name)
        losses.extras();
    auto list = Json::array();
    for (const auto& text : embedding_of(request).texts)
        list.push_back(request_of(request, text));
    auto body = batch ? Json{{"requests", std::move(list)}} : std::move(list.at(0));
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

Result<WrittenRequest> write_single(const llm::PlainRequest& request) {
    return write(request, false);
}
Result<WrittenRequest> write_batch(const llm::PlainRequest& request) {
    return write(request, true);
}

std::string reply_of(const llm::PlainReply& reply, bool batch) {
    // Vectors are long and already JSON: they are not parsed again.
    const auto& vectors = std::get<llm::Vectors>(reply.what).values;
    std::string out = batch ? R"({"embeddings":[)" : R"({"embedding":)";
    auto count = batch ? vectors.size() : std::min<std::size_t>(vectors.size(), 1);
    for (std::size_t i = 0; i < count; ++i)
        out.append(i > 0 ? "," : "").append(R"({"values":)").append(vectors[i]).append("}");
    return out + (batch ? "]}" : "}");
}

std::string single_reply(const llm::PlainReply& reply, const llm::PlainRequest&,
                         const PlainOptions&) {
    return reply_of(reply, false);
}
std::string batch_reply(const llm::PlainReply& reply, const llm::PlainRequest&,
                        const PlainOptions&) {
    return reply_of(reply, true);
}

const Json* values_in(const Json& element) {
    return member(element, "values");
}

std::optional<llm::Usage> usage_in(const Json& document) {
    const auto* usage = member(document, "usageMetadata");
    auto tokens = usage != nullptr ? int_in(*usage, "promptTokenCount") : std::nullopt;
    if (!tokens || *tokens < 0)
        return std::nullopt;
    llm::Usage out;
    out.input = *tokens;
    return out;
}

Result<llm::PlainReply> read_reply(string_view text, const llm::PlainRequest& request) {
    auto document = plain_reply_of(text);
    if (!document)
        return document.error();
    const auto* one = member(*document, "embedding");
    auto alone = one != nullptr ? Json::array({*one}) : Json();
    auto vectors = vectors_in(one != nullptr ? &alone : member(*document, "embeddings"),
                              embedding_of(request).size(), values_in);
    if (!vectors)
        return vectors.error();
    return llm::PlainReply{std::move(*vectors), usage_in(*document)};
}

Result<WrittenRequest> write_predict(const llm::PlainRequest& request) {
    if (auto fits = only_texts(request); !fits)
        return fits.error();
    const auto& embedding = embedding_of(request);
    PlainLosses losses(request);
    losses.extras();
    Json body{{"instances", Json::array()}};
    for (const auto& text : embedding.texts) {
        Json instance{{"content", text}};
        if (embedding.task != EmbeddingTask::unset)
            instance["task_type"] = word_of(tasks, embedding.task);
        if (!embedding.title.empty())
            instance["title"] = embedding.title;
        body["instances"].push_back(std::move(instance));
    }
    if (embedding.dimensions)
        body["parameters"] = {{"outputDimensionality", *embedding.dimensions}};
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

const Json* predicted_values(const Json& element) {
    const auto* embeddings = member(element, "embeddings");
    return embeddings == nullptr ? nullptr : member(*embeddings, "values");
}

Result<llm::PlainReply> read_predictions(string_view text, const llm::PlainRequest& request) {
    auto document = plain_reply_of(text);
    if (!document)
        return document.error();
    const auto* predictions = member(*document, "predictions");
    auto vectors = vectors_in(predictions, embedding_of(request).size(), predicted_values);
    if (!vectors)
        return vectors.error();
    llm::PlainReply out{std::move(*vectors), llm::Usage{}};
    for (const auto& prediction : *predictions) {
        const auto* statistics = member(*member(prediction, "embeddings"), "statistics");
        auto tokens = statistics != nullptr ? int_in(*statistics, "token_count") : std::nullopt;
        if (!tokens || *tokens < 0 || *tokens > INT32_MAX)
            out.usage.reset();
        if (out.usage)
            out.usage->input += *tokens;
    }
    return out;
}

}  // namespace

// Gemini API reference, "Embeddings".
const PlainForm gemini_embedding{gemini_name,  read_single, single_reply,
                                 write_single, read_reply,  true};
const PlainForm gemini_embeddings{gemini_name, read_batch, batch_reply,
                                  write_batch, read_reply, true};
// Vertex AI reference, "Text embeddings API".
const PlainForm vertex_embeddings{"vertex", nullptr, nullptr, write_predict, read_predictions};

Result<void> check_gemini_models(string_view body, string_view model) {
    auto document = parse_json(body);
    if (!document)
        return document.error();
    const auto* requests = member(*document, "requests");
    if (requests == nullptr || !requests->is_array())
        return ok();
    for (std::size_t i = 0; i < requests->size(); ++i) {
        auto named = string_in((*requests)[i], "model");
        string_view bare = named;
        if (bare.starts_with(models_prefix))
            bare.remove_prefix(models_prefix.size());
        if (named.empty() || bare == model)
            continue;
        auto error =
            fail(Code::invalid_request, "'" + element_path("requests", i) +
                                            ".model' is not the model that the path names");
        error.param = element_path("requests", i) + ".model";
        return error;
    }
    return ok();
}

}  // namespace obliv::wire
