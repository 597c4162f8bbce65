#include "core/wire/embedding_parts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {

using llm::EmbeddingTask;

llm::EmbeddingTask task_of(std::span<const TaskWord> words, std::string_view word) noexcept {
    for (const auto& known : words)
        if (known.word == word)
            return known.task;
    return EmbeddingTask::unset;
}

std::string_view word_of(std::span<const TaskWord> words, EmbeddingTask task) noexcept {
    for (const auto& known : words)
        if (known.task == task)
            return known.word;
    return {};
}

std::span<const TaskWord> cohere_tasks() noexcept {
    static constexpr std::array words{
        TaskWord{"search_query", EmbeddingTask::query},
        TaskWord{"search_document", EmbeddingTask::document},
        TaskWord{"classification", EmbeddingTask::classification},
        TaskWord{"clustering", EmbeddingTask::clustering},
        TaskWord{"search_query", EmbeddingTask::question},
        TaskWord{"search_query", EmbeddingTask::fact},
        TaskWord{"search_query", EmbeddingTask::code},
    };
    return words;
}

const llm::Embedding& embedding_of(const llm::PlainRequest& request) {
    return std::get<llm::Embedding>(request.what);
}

bool PlainLosses::from_gemini() const {
    return request_.wire == gemini_embeddings.name;
}

void PlainLosses::dimensions() {
    if (embedding_of(request_).dimensions)
        losses_.push_back({from_gemini() ? "outputDimensionality" : "dimensions",
                           "the length of its vectors cannot be chosen"});
}

void PlainLosses::task() {
    if (embedding_of(request_).task != EmbeddingTask::unset)
        losses_.push_back(
            {from_gemini() ? "taskType" : "input_type", "it makes no vectors for this purpose"});
}

void PlainLosses::title() {
    if (!embedding_of(request_).title.empty())
        losses_.push_back({"title", "it takes texts without titles"});
}

void PlainLosses::extras(std::span<const std::string_view> known) {
    for (const auto& extra : request_.extras)
        if (!extra.hint && std::find(known.begin(), known.end(), extra.name) == known.end())
            losses_.push_back({extra.name, "it has no such field"});
}

Result<void> only_texts(const llm::PlainRequest& request) {
    if (embedding_of(request).tokens.empty())
        return ok();
    auto error = fail(Code::invalid_request,
                      "the model's provider takes texts, and tokens of OpenAI's cannot be turned "
                      "back: send 'input' as text");
    error.param = "input";
    return error;
}

void copy_extras(const llm::PlainRequest& request, std::span<const std::string_view> names,
                 Json& body) {
    for (const auto& extra : request.extras)
        if (std::find(names.begin(), names.end(), extra.name) != names.end())
            body[extra.name] = embedded(extra.value);
}

Result<Json> plain_reply_of(std::string_view body) {
    auto document = parse_json(body);
    if (!document || !document->is_object())
        return fail(Code::upstream_failed, "the provider's reply is not a JSON object");
    return document;
}

Error no_vectors() {
    return fail(Code::upstream_failed,
                "the provider's reply does not hold one vector for each text");
}

Result<llm::Vectors> vectors_in(const Json* list, std::size_t count,
                                const Json* (*values_in)(const Json&)) {
    if (list == nullptr || !list->is_array() || list->size() != count)
        return no_vectors();
    llm::Vectors out;
    out.values.reserve(count);
    for (const auto& element : *list) {
        const auto* values = values_in(element);
        if (values == nullptr || !values->is_array())
            return no_vectors();
        out.values.push_back(json_text(*values));
    }
    return out;
}

}  // namespace obliv::wire
