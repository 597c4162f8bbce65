// Cohere's form, and that of the models which Bedrock hosts.

#include "core/wire/embedding_parts.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::EmbeddingTask;
using std::string_view;

constexpr string_view name = "cohere";

// Fields of Cohere's own that clients may send beside OpenAI's.
constexpr std::array cohere_own{string_view("truncate")};

/// Cohere has to be told what the vectors are for; most are kept to be searched.
string_view input_type_of(const llm::Embedding& embedding) {
    auto word = word_of(cohere_tasks(), embedding.task);
    return word.empty() ? string_view("search_document") : word;
}

void note_task(const llm::Embedding& embedding, PlainLosses& losses) {
    if (word_of(cohere_tasks(), embedding.task).empty())
        losses.task();
}

Json cohere_body(const llm::PlainRequest& request, PlainLosses& losses) {
    const auto& embedding = embedding_of(request);
    Json body{{"texts", embedding.texts},
              {"input_type", input_type_of(embedding)},
              {"embedding_types", Json::array({"float"})}};
    note_task(embedding, losses);
    losses.title();
    copy_extras(request, cohere_own, body);
    losses.extras(cohere_own);
    return body;
}

Result<WrittenRequest> write_cohere(const llm::PlainRequest& request) {
    if (auto fits = only_texts(request); !fits)
        return fits.error();
    PlainLosses losses(request);
    auto body = cohere_body(request, losses);
    body["model"] = request.model;
    if (auto dimensions = embedding_of(request).dimensions)
        body["output_dimension"] = *dimensions;
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

const Json* itself(const Json& element) {
    return &element;
}
const Json* embedding_in(const Json& element) {
    return member(element, "embedding");
}

std::optional<llm::Usage> input_of(std::optional<std::int64_t> tokens) {
    if (!tokens || *tokens < 0)
        return std::nullopt;
    llm::Usage out;
    out.input = *tokens;
    return out;
}

std::optional<llm::Usage> billed_in(const Json& document) {
    const auto* meta = member(document, "meta");
    const auto* units = meta != nullptr ? member(*meta, "billed_units") : nullptr;
    return units == nullptr ? std::nullopt : input_of(int_in(*units, "input_tokens"));
}

/// By type (`{"float":[...]}`), or older models' plain list.
Result<llm::PlainReply> cohere_reply(const Json& document, std::size_t count) {
    const auto* list = member(document, "embeddings");
    if (list != nullptr && list->is_object())
        list = member(*list, "float");
    auto vectors = vectors_in(list, count, itself);
    if (!vectors)
        return vectors.error();
    return llm::PlainReply{std::move(*vectors), billed_in(document)};
}

Result<llm::PlainReply> read_cohere(string_view text, const llm::PlainRequest& request) {
    auto document = plain_reply_of(text);
    if (!document)
        return document.error();
    return cohere_reply(*document, embedding_of(request).size());
}

// Towards clients.

void read_types(Fields& body) {
    std::vector<std::string> types;
    body.read_strings("embedding_types", types);
    for (const auto& type : types)
        if (type != "float")
            body.complaint().expected("embedding_types",
                                      "'float' alone: the model's provider makes no other vectors");
}

Result<llm::PlainRequest> read_request(const RequestSource& source) {
    auto document = parse_json(source.body);
    if (!document)
        return document.error();
    Complaint complaint;
    Fields body(*document, "", complaint);
    llm::PlainRequest out{std::string(name), {}, llm::Embedding{}};
    auto& embedding = std::get<llm::Embedding>(out.what);
    std::string task;
    body.read("model", out.model);
    body.require("texts", "what to embed");
    body.read_strings("texts", embedding.texts);
    body.read("input_type", task);
    body.read("output_dimension", embedding.dimensions);
    read_types(body);
    body.rest(out.extras);
    embedding.task = task_of(cohere_tasks(), task);
    if (!task.empty() && embedding.task == EmbeddingTask::unset)
        complaint.expected("input_type", "one of Cohere's words for texts");
    if (complaint)
        return *complaint.first();
    return out;
}

std::string write_reply(const llm::PlainReply& reply, const llm::PlainRequest& request,
                        const PlainOptions& options) {
    // Vectors are long and already JSON: they are not parsed again.
    std::string out = R"({"id":"","response_type":"embeddings_by_type","embeddings":{"float":[)";
    std::string_view separator;
    for (const auto& vector : std::get<llm::Vectors>(reply.what).values) {
        out.append(separator).append(vector);
        separator = ",";
    }
    auto tokens = reply.usage ? reply.usage->input_all() : options.input_estimate;
    Json rest{
        {"texts", embedding_of(request).texts},
        {"meta",
         {{"api_version", {{"version", "2"}}}, {"billed_units", {{"input_tokens", tokens}}}}}};
    return out + "]}," + json_text(rest).substr(1);
}

enum class Family { titan_1, titan, nova, cohere };

/// Names may have a region or a whole ARN in front.
std::optional<Family> family_of(string_view model) {
    auto has = [&](string_view part) { return model.find(part) != string_view::npos; };
    if (has("amazon.titan-embed-text-v1") || has("amazon.titan-embed-g1"))
        return Family::titan_1;
    if (has("amazon.titan-embed-text"))
        return Family::titan;
    if (has("amazon.nova") && has("embeddings"))
        return Family::nova;
    if (has("cohere.embed"))
        return Family::cohere;
    return std::nullopt;
}

Json titan_body(const llm::Embedding& embedding, Family family, PlainLosses& losses) {
    Json body{{"inputText", embedding.texts.front()}};
    if (family == Family::titan_1)
        losses.dimensions();
    else if (embedding.dimensions)
        body["dimensions"] = *embedding.dimensions;
    losses.task();
    return body;
}

constexpr std::array nova_tasks{
    TaskWord{"GENERIC_INDEX", EmbeddingTask::document},
    TaskWord{"GENERIC_RETRIEVAL", EmbeddingTask::query},
    TaskWord{"GENERIC_RETRIEVAL", EmbeddingTask::question},
    TaskWord{"GENERIC_RETRIEVAL", EmbeddingTask::fact},
    TaskWord{"GENERIC_RETRIEVAL", EmbeddingTask::code},
    TaskWord{"CLASSIFICATION", EmbeddingTask::classification},
    TaskWord{"CLUSTERING", EmbeddingTask::clustering},
};

Json nova_body(const llm::Embedding& embedding, PlainLosses& losses) {
    auto purpose = word_of(nova_tasks, embedding.task);
    if (purpose.empty())
        losses.task();
    Json single{{"embeddingPurpose", purpose.empty() ? string_view("GENERIC_INDEX") : purpose},
                {"text", {{"truncationMode", "END"}, {"value", embedding.texts.front()}}}};
    if (embedding.dimensions)
        single["embeddingDimension"] = *embedding.dimensions;
    return {{"taskType", "SINGLE_EMBEDDING"}, {"singleEmbeddingParams", std::move(single)}};
}

Result<WrittenRequest> write_bedrock(const llm::PlainRequest& request) {
    if (auto fits = only_texts(request); !fits)
        return fits.error();
    auto family = family_of(request.model);
    if (!family)
        return fail(Code::unsupported,
                    "nothing is known of how the model '" + request.model + "' makes vectors");
    const auto& embedding = embedding_of(request);
    PlainLosses losses(request);
    if (*family == Family::cohere) {
        auto body = cohere_body(request, losses);
        if (embedding.dimensions)
            body["output_dimension"] = *embedding.dimensions;
        return WrittenRequest{json_text(body), {}, std::move(losses).take()};
    }
    if (embedding.texts.size() != 1) {
        auto error = fail(Code::invalid_request,
                          "this model takes one text in a call: send 'input' as one text");
        error.param = "input";
        return error;
    }
    losses.title();
    losses.extras();
    auto body = *family == Family::nova ? nova_body(embedding, losses)
                                        : titan_body(embedding, *family, losses);
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

Result<llm::PlainReply> read_bedrock(string_view text, const llm::PlainRequest& request) {
    auto document = plain_reply_of(text);
    if (!document)
        return document.error();
    auto family = family_of(request.model).value_or(Family::titan);
    if (family == Family::cohere)
        return cohere_reply(*document, embedding_of(request).size());
    auto alone = Json::array();
    if (const auto* one = member(*document, "embedding"))
        alone.push_back(*one);
    bool nova = family == Family::nova;
    auto vectors = vectors_in(nova ? member(*document, "embeddings") : &alone,
                              embedding_of(request).size(), nova ? embedding_in : itself);
    if (!vectors)
        return vectors.error();
    return llm::PlainReply{std::move(*vectors), input_of(int_in(*document, "inputTextTokenCount"))};
}

}  // namespace

// Cohere API reference, version 2, "Embed".
const PlainForm cohere_embeddings{name, read_request, write_reply, write_cohere, read_cohere};
// Amazon Bedrock user guide, "Inference request parameters": Titan text embeddings, Cohere Embed,
// Nova multimodal embeddings.
const PlainForm bedrock_embeddings{"bedrock", nullptr, nullptr, write_bedrock, read_bedrock};

}  // namespace obliv::wire
