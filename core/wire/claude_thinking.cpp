#include "core/wire/claude_thinking.hpp"

#include "core/wire/claude_model.hpp"
#include "core/wire/effort.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <optional>

namespace obliv::wire {
namespace {

constexpr std::int64_t budget_tokens_min = 1'024;
constexpr std::int64_t budget_tokens_default = 8'192;

/// Nothing: the limit of the reply is too small to think in.
std::optional<std::int64_t> budget_of(const llm::ChatRequest& request) {
    auto asked = request.reasoning.budget_tokens.value_or(0);
    auto usual = budget_of_effort(effort_of(request.reasoning)).value_or(budget_tokens_default);
    auto budget = asked > 0 ? asked : usual;
    if (!request.output_tokens_max)
        return std::max(budget, budget_tokens_min);
    budget = std::min(budget, *request.output_tokens_max / 5 * 4);
    if (budget < budget_tokens_min)
        return std::nullopt;
    return budget;
}

}  // namespace

ClaudeThinking claude_thinking(const llm::ChatRequest& request, bool bare_call) {
    using Form = ClaudeThinking::Form;
    using Choice = llm::ToolChoice::Kind;
    ClaudeThinking out;
    auto model = claude_model(request.model);
    auto wanted = thinks(request.reasoning);
    auto choice = request.tool_choice.kind;
    if (wanted == false && model.adaptive())
        out.form = Form::disabled;
    if (wanted != true || choice == Choice::required || choice == Choice::named)
        return out;
    if (model.adaptive()) {
        out.form = Form::adaptive;
        out.effort = claude_effort(model, effort_of(request.reasoning));
    } else if (auto budget = budget_of(request); budget && !bare_call) {
        out.form = Form::budget;
        out.budget_tokens = *budget;
    }
    return out;
}

void lose_openai_only(const llm::ChatRequest& request, const std::string& why, Losses& losses) {
    const auto& sampling = request.sampling;
    auto lose = [&](Term term, bool asked) {
        if (asked)
            losses.add(term, why);
    };
    lose(Term::frequency_penalty, sampling.frequency_penalty.value_or(0) != 0);
    lose(Term::presence_penalty, sampling.presence_penalty.value_or(0) != 0);
    lose(Term::seed, sampling.seed.has_value());
    lose(Term::logprobs, sampling.logprobs.value_or(false));
    lose(Term::logit_bias, sampling.logit_bias.size() > 2);
    lose(Term::choices, request.choices > 1);
    lose(Term::modalities, !only_text(request.modalities));
    lose(Term::audio, !request.audio.empty());
    if (!request.verbosity.empty())
        losses.add("verbosity", why);
}

}  // namespace obliv::wire
