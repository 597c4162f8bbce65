#pragma once

#include "core/llm/plain.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/json.hpp"
#include "core/wire/plain.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the forms of embeddings and rankings share. Nobody else includes this.
namespace obliv::wire {

struct TaskWord {
    std::string_view word;
    llm::EmbeddingTask task;
};
llm::EmbeddingTask task_of(std::span<const TaskWord> words, std::string_view word) noexcept;
/// Empty: the form has no word for it.
std::string_view word_of(std::span<const TaskWord> words, llm::EmbeddingTask task) noexcept;

/// Cohere's `input_type`; a question is a query.
std::span<const TaskWord> cohere_tasks() noexcept;

const llm::Embedding& embedding_of(const llm::PlainRequest& request);

/// Gathers what a form cannot say, named as the client named it.
class PlainLosses {
public:
    explicit PlainLosses(const llm::PlainRequest& request) : request_(request) {}
    void dimensions();
    void task();
    void title();
    /// Extras but for hints and those in `known`.
    void extras(std::span<const std::string_view> known = {});
    std::vector<Loss> take() && { return std::move(losses_); }

private:
    bool from_gemini() const;
    const llm::PlainRequest& request_;
    std::vector<Loss> losses_;
};

/// What every form but OpenAI's has no place for. Error: `input` is tokens.
Result<void> only_texts(const llm::PlainRequest& request);

/// Copies the extras that are named into the body of the provider.
void copy_extras(const llm::PlainRequest& request, std::span<const std::string_view> names,
                 Json& body);

/// A reply's document. Error: it is no JSON object, which is the provider's fault.
Result<Json> plain_reply_of(std::string_view body);

/// The vectors in `list`; `values_in` finds the numbers in one of its elements. Error: they are not
/// one array of numbers for each of `count` texts.
Result<llm::Vectors> vectors_in(const Json* list, std::size_t count,
                                const Json* (*values_in)(const Json&));
Error no_vectors();

}  // namespace obliv::wire
