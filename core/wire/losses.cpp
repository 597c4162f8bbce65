#include "core/wire/losses.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/wire/json.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace obliv::wire {
namespace {

/// One column for each format of clients. The first is the default for a wire without a column.
struct Names {
    Term term;
    std::string_view openai;
    std::string_view anthropic;
    std::string_view gemini;
    std::string_view responses;
};

constexpr std::array table{
    Names{Term::temperature, "temperature", "temperature", "generationConfig.temperature",
          "temperature"},
    Names{Term::top_p, "top_p", "top_p", "generationConfig.topP", "top_p"},
    Names{Term::top_k, "top_k", "top_k", "generationConfig.topK", "top_k"},
    Names{Term::frequency_penalty, "frequency_penalty", "frequency_penalty",
          "generationConfig.frequencyPenalty", "frequency_penalty"},
    Names{Term::presence_penalty, "presence_penalty", "presence_penalty",
          "generationConfig.presencePenalty", "presence_penalty"},
    Names{Term::seed, "seed", "seed", "generationConfig.seed", "seed"},
    Names{Term::stop, "stop", "stop_sequences", "generationConfig.stopSequences", "stop"},
    Names{Term::logprobs, "logprobs", "logprobs", "generationConfig.responseLogprobs",
          "include[message.output_text.logprobs]"},
    Names{Term::top_logprobs, "top_logprobs", "top_logprobs", "generationConfig.logprobs",
          "top_logprobs"},
    Names{Term::logit_bias, "logit_bias", "logit_bias", "logit_bias", "logit_bias"},
    Names{Term::choices, "n", "n", "generationConfig.candidateCount", "n"},
    Names{Term::reasoning_effort, "reasoning_effort", "output_config.effort",
          "generationConfig.thinkingConfig.thinkingLevel", "reasoning.effort"},
    Names{Term::reasoning_budget, "thinking_budget", "thinking.budget_tokens",
          "generationConfig.thinkingConfig.thinkingBudget", "reasoning.max_tokens"},
    Names{Term::reasoning_summary, "reasoning.summary", "thinking.display",
          "generationConfig.thinkingConfig.includeThoughts", "reasoning.summary"},
    Names{Term::response_format, "response_format", "output_config.format",
          "generationConfig.responseSchema", "text.format"},
    Names{Term::tool_choice, "tool_choice", "tool_choice", "toolConfig.functionCallingConfig",
          "tool_choice"},
    Names{Term::modalities, "modalities", "modalities", "generationConfig.responseModalities",
          "modalities"},
    Names{Term::audio, "audio", "audio", "generationConfig.speechConfig", "audio"},
    Names{Term::service_tier, "service_tier", "service_tier", "serviceTier", "service_tier"},
    Names{Term::user, "user", "metadata.user_id", "user", "user"},
    Names{Term::metadata, "metadata", "metadata", "labels", "metadata"},
    Names{Term::message_name, "messages[].name", "messages[].name", "contents[].name",
          "input[].name"},
    Names{Term::tool_strict, "tools[].function.strict", "tools[].strict", "tools[].strict",
          "tools[].strict"},
    Names{Term::cache_control, "cache_control", "cache_control", "cachedContent", "cache_control"},
};

/// Cohere has words of its own for these few.
std::string_view cohere_name(const Names& row) {
    constexpr std::array own{
        std::pair{Term::top_p, std::string_view("p")},
        std::pair{Term::top_k, std::string_view("k")},
        std::pair{Term::stop, std::string_view("stop_sequences")},
        std::pair{Term::reasoning_budget, std::string_view("thinking.token_budget")},
        std::pair{Term::reasoning_effort, std::string_view("thinking")},
        std::pair{Term::tool_strict, std::string_view("strict_tools")}};
    for (const auto& [term, name] : own)
        if (term == row.term)
            return name;
    return row.openai;
}

std::string only_for(std::string_view wire) {
    return "only " + std::string(wire) + " knows it";
}

/// Whether a document of these is to be cited, also one that a tool gave.
bool to_be_cited(const std::vector<llm::Part>& parts) {
    return std::any_of(parts.begin(), parts.end(), [](const llm::Part& part) {
        if (const auto* result = std::get_if<llm::ToolResult>(&part.what))
            return to_be_cited(result->content);
        const auto* media = std::get_if<llm::Media>(&part.what);
        return media != nullptr && media->citations;
    });
}

}  // namespace

std::string_view name_in(std::string_view wire, Term term) noexcept {
    for (const auto& row : table) {
        if (row.term != term)
            continue;
        if (wire == "cohere")
            return cohere_name(row);
        return wire == "anthropic"   ? row.anthropic
               : wire == "gemini"    ? row.gemini
               : wire == "responses" ? row.responses
                                     : row.openai;
    }
    return {};
}

void Losses::add(Term term, std::string why) {
    add(std::string(name_in(request_->wire, term)), std::move(why));
}

void Losses::add(std::string field, std::string why) {
    bool known = std::any_of(losses_.begin(), losses_.end(),
                             [&](const Loss& loss) { return loss.field == field; });
    if (!known)
        losses_.push_back({std::move(field), std::move(why)});
}

void Losses::add_beyond_text(const std::string& provider) {
    if (!only_text(request_->modalities))
        add(Term::modalities, provider + " answers in text");
    if (!request_->audio.empty())
        add(Term::audio, provider + " answers in text");
    if (!is_usual_tier(request_->service_tier))
        add(Term::service_tier, provider + " has no service tiers");
    if (!request_->verbosity.empty())
        add("verbosity", provider + " has no such setting");
}

void Losses::add_citations(const std::string& provider) {
    for (const auto& message : request_->messages)
        if (to_be_cited(message.content))
            add("citations of a document", provider + " cannot be asked for them");
}

void Losses::add_foreign() {
    add_foreign(request_->extras);
    for (const auto& message : request_->messages)
        for (const auto& part : message.content)
            add_foreign(part);
    for (const auto& tool : request_->tools) {
        add_foreign(tool.extras);
        if (tool.kind == llm::Tool::Kind::built_in && tool.wire != target_)
            add("the tool '" + tool.name + "'", only_for(tool.wire));
    }
}

void Losses::add_foreign(const std::vector<llm::Extra>& extras) {
    for (const auto& extra : extras)
        if (!extra.hint && !same_wire())
            add(extra.name, only_for(request_->wire));
}

void Losses::add_foreign(const llm::Part& part) {
    add_foreign(part.extras);
    if (const auto* opaque = std::get_if<llm::Opaque>(&part.what)) {
        if (opaque->wire != target_)
            add("a part of a message", only_for(opaque->wire));
    } else if (const auto* media = std::get_if<llm::Media>(&part.what)) {
        if (media->source == llm::Media::Source::file_id && !same_wire())
            add("a file id in a message", "the file lies with the provider of another format");
        if (media->source == llm::Media::Source::parts && !same_wire())
            for (const auto& block : embedded(media->data))
                if (string_in(block, "type") != "text")
                    add("an image in a document", "the document is told as a text");
    } else if (const auto* result = std::get_if<llm::ToolResult>(&part.what)) {
        for (const auto& inner : result->content)
            add_foreign(inner);
    }
}

std::string fitting_id(std::string_view id, std::size_t bytes) {
    auto plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    if (bytes == 0 || (id.size() == bytes && std::all_of(id.begin(), id.end(), plain)))
        return std::string(id);
    return to_hex(sha256(id)).substr(0, bytes);
}

}  // namespace obliv::wire
