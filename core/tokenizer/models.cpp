#include "core/tokenizer/models.hpp"

namespace obliv::tokenizer {
namespace {

constexpr std::string_view o200k = "o200k_base";
constexpr std::string_view cl100k = "cl100k_base";
constexpr std::string_view p50k = "p50k_base";
constexpr std::string_view r50k = "r50k_base";

// A percentage is a provider's rule of thumb for English (Anthropic: 3.5 characters a token,
// Google: 4) beside what o200k_base needs (4.2), rounded up, since a reservation that is too small
// lets a call through unpaid.
constexpr ModelRule rules[] = {
    {"gpt-oss", "o200k_harmony"},
    {"gpt-5", o200k},
    {"gpt-4o", o200k},
    {"gpt-4.1", o200k},
    {"gpt-4.5", o200k},
    {"chatgpt-4o", o200k},
    {"gpt-realtime", o200k},
    {"gpt-audio", o200k},
    {"gpt-image", o200k},
    {"codex-", o200k},
    {"computer-use", o200k},
    {"o1", o200k},
    {"o3", o200k},
    {"o4", o200k},
    {"gpt-4", cl100k},
    {"gpt-3.5", cl100k},
    {"gpt-35", cl100k},  // as Azure calls it
    {"text-embedding-ada-002", cl100k},
    {"text-embedding-3", cl100k},
    {"davinci-002", cl100k},
    {"babbage-002", cl100k},
    {"text-davinci-003", p50k},
    {"text-davinci-002", p50k},
    {"code-davinci", p50k},
    {"code-cushman", p50k},
    {"davinci-codex", p50k},
    {"cushman-codex", p50k},
    {"text-davinci-001", r50k},
    {"text-curie", r50k},
    {"text-babbage", r50k},
    {"text-ada", r50k},
    {"davinci", r50k},
    {"curie", r50k},
    {"babbage", r50k},
    {"ada", r50k},
    {"gpt2", r50k},
    {"claude", "", 120},
    {"gemini", "", 105},
    {"gemma", "", 105},
    {"", "", 110},
};

std::string_view bare(std::string_view model) noexcept {
    if (auto slash = model.rfind('/'); slash != std::string_view::npos)
        model.remove_prefix(slash + 1);
    if (model.starts_with("ft:"))
        model.remove_prefix(3);
    return model;
}

}  // namespace

std::span<const ModelRule> model_rules() noexcept {
    return rules;
}

const ModelRule& rule_of(std::string_view model) noexcept {
    auto name = bare(model);
    const ModelRule* best = nullptr;
    for (const auto& rule : rules)
        if (name.starts_with(rule.prefix) &&
            (best == nullptr || rule.prefix.size() > best->prefix.size()))
            best = &rule;
    return *best;  // the last rule fits every name
}

}  // namespace obliv::tokenizer
