// OpenAI's form, which most hosts and most clients use, and Voyage's, which is nearly the same.

#include "core/base/encoding.hpp"
#include "core/llm/openai_usage.hpp"
#include "core/wire/embedding_parts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::EmbeddingTask;
using std::string_view;

constexpr string_view name = "openai";

constexpr std::array voyage_tasks{
    TaskWord{"query", EmbeddingTask::query},    TaskWord{"document", EmbeddingTask::document},
    TaskWord{"query", EmbeddingTask::question}, TaskWord{"query", EmbeddingTask::fact},
    TaskWord{"query", EmbeddingTask::code},
};
// Of Voyage's own fields those that change nothing in the shape of the reply.
constexpr std::array voyage_own{string_view("truncation")};

bool all_are(const Json& list, bool (Json::*kind)() const noexcept) {
    return std::all_of(list.begin(), list.end(),
                       [kind](const Json& each) { return (each.*kind)(); });
}

void read_input(Fields& body, llm::Embedding& out) {
    const auto* input = body.take("input");
    constexpr string_view wanted = "a text, or an array of texts or of tokens";
    if (input == nullptr)
        return body.complaint().expected("input", wanted);
    if (input->is_string())
        out.texts.push_back(input->get<std::string>());
    else if (!input->is_array() || input->empty())
        body.complaint().expected("input", wanted);
    else if (all_are(*input, &Json::is_string))
        out.texts = input->get<std::vector<std::string>>();
    else if (all_are(*input, &Json::is_number_unsigned))
        out.tokens.push_back(json_text(*input));
    else if (all_are(*input, &Json::is_array))
        for (const auto& tokens : *input) {
            if (!all_are(tokens, &Json::is_number_unsigned))
                return body.complaint().expected("input", wanted);
            out.tokens.push_back(json_text(tokens));
        }
    else
        body.complaint().expected("input", wanted);
}

void read_encoding(Fields& body, llm::Embedding& out) {
    std::string encoding = "float";
    body.read("encoding_format", encoding);
    if (encoding != "float" && encoding != "base64")
        body.complaint().expected("encoding_format", "'float' or 'base64'");
    out.base64 = encoding == "base64";
}

/// Not OpenAI's own, but what clients of such models send.
void read_task(Fields& body, llm::Embedding& out) {
    std::string word;
    body.read("input_type", word);
    out.task = task_of(voyage_tasks, word);
    if (out.task == EmbeddingTask::unset)
        out.task = task_of(cohere_tasks(), word);
    if (out.task == EmbeddingTask::unset && !word.empty())
        body.complaint().expected("input_type", "'query', 'document' or one of Cohere's words");
}

Result<llm::PlainRequest> read_request(const RequestSource& source) {
    auto document = parse_json(source.body);
    if (!document)
        return document.error();
    Complaint complaint;
    Fields body(*document, "", complaint);
    llm::PlainRequest out{std::string(name), {}, llm::Embedding{}};
    auto& embedding = std::get<llm::Embedding>(out.what);
    body.read("model", out.model);
    read_input(body, embedding);
    read_encoding(body, embedding);
    read_task(body, embedding);
    body.read("dimensions", embedding.dimensions);
    body.rest(out.extras);
    for (auto& extra : out.extras)
        extra.hint = extra.name == "user";
    if (complaint)
        return *complaint.first();
    return out;
}

/// Numbers as the base64 of 32-bit floats, little end first.
std::string packed(const llm::JsonText& values) {
    auto numbers = embedded(values);
    std::string bytes;
    bytes.reserve(numbers.size() * sizeof(float));
    for (const auto& number : numbers) {
        auto value = number.is_number() ? number.get<float>() : 0.0F;
        auto bits = std::bit_cast<std::uint32_t>(value);
        for (int shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>((bits >> shift) & 0xFFU);
    }
    return to_base64(bytes);
}

std::string write_reply(const llm::PlainReply& reply, const llm::PlainRequest& request,
                        const PlainOptions& options) {
    // Vectors are long and already JSON: they are not parsed again.
    const auto& vectors = std::get<llm::Vectors>(reply.what);
    std::string out = R"({"object":"list","data":[)";
    for (std::size_t i = 0; i < vectors.values.size(); ++i) {
        out.append(i > 0 ? "," : "").append(R"({"object":"embedding","index":)");
        out.append(std::to_string(i)).append(R"(,"embedding":)");
        if (embedding_of(request).base64)
            append_quoted(out, packed(vectors.values[i]));
        else
            out += vectors.values[i];
        out += '}';
    }
    out += R"(],"model":)";
    append_quoted(out, options.model);
    auto tokens = std::to_string(reply.usage ? reply.usage->input_all() : options.input_estimate);
    return out + R"(,"usage":{"prompt_tokens":)" + tokens + R"(,"total_tokens":)" + tokens + "}}";
}

Json body_of(const llm::PlainRequest& request) {
    const auto& embedding = embedding_of(request);
    Json body{{"model", request.model}, {"input", Json::array()}};
    for (const auto& text : embedding.texts)
        body["input"].push_back(text);
    for (const auto& tokens : embedding.tokens)
        body["input"].push_back(embedded(tokens));
    return body;
}

Result<WrittenRequest> write_request(const llm::PlainRequest& request) {
    PlainLosses losses(request);
    auto body = body_of(request);
    if (auto dimensions = embedding_of(request).dimensions)
        body["dimensions"] = *dimensions;
    losses.task();
    losses.title();
    losses.extras();
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

const Json* values_in(const Json& element) {
    return member(element, "embedding");
}

Result<llm::PlainReply> read_reply(string_view text, const llm::PlainRequest& request) {
    auto document = plain_reply_of(text);
    if (!document)
        return document.error();
    auto vectors = vectors_in(member(*document, "data"), embedding_of(request).size(), values_in);
    if (!vectors)
        return vectors.error();
    llm::PlainReply out{std::move(*vectors)};
    if (const auto* usage = member(*document, "usage"))
        out.usage = llm::parse_openai_usage(json_text(*usage));
    return out;
}

Result<WrittenRequest> write_voyage(const llm::PlainRequest& request) {
    if (auto fits = only_texts(request); !fits)
        return fits.error();
    const auto& embedding = embedding_of(request);
    PlainLosses losses(request);
    auto body = body_of(request);
    auto task = word_of(voyage_tasks, embedding.task);
    if (!task.empty())
        body["input_type"] = task;
    else
        losses.task();
    if (embedding.dimensions)
        body["output_dimension"] = *embedding.dimensions;
    losses.title();
    copy_extras(request, voyage_own, body);
    losses.extras(voyage_own);
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

}  // namespace

// OpenAI API reference, "Create embeddings".
const PlainForm openai_embeddings{name, read_request, write_reply, write_request, read_reply};
// Voyage AI API reference, "Text embedding models".
const PlainForm voyage_embeddings{"voyage", nullptr, nullptr, write_voyage, read_reply};

}  // namespace obliv::wire
