#include "core/wire/claude_thinking.hpp"

#include "core/wire/claude_model.hpp"
#include "core/wire/effort.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>

namespace obliv::wire {
namespace {

constexpr std::int64_t budget_tokens_min = 1'024;
constexpr std::int64_t budget_tokens_default = 8'192;

}  // namespace

ClaudeThinking claude_thinking(const llm::ChatRequest& request, bool bare_call) {
    using Form = ClaudeThinking::Form;
    using Choice = llm::ToolChoice::Kind;
    ClaudeThinking out;
    const auto& reasoning = request.reasoning;
    auto model = claude_model(request.model);
    auto wanted = thinks(reasoning);
    auto choice = request.tool_choice.kind;
    if (wanted == false && model.adaptive())
        out.form = Form::disabled;
    if (wanted != true || choice == Choice::required || choice == Choice::named)
        return out;
    auto effort = effort_of(reasoning);
    if (model.adaptive()) {
        out.form = Form::adaptive;
        out.effort = claude_effort(model, effort);
        return out;
    }
    auto asked = reasoning.budget_tokens.value_or(0);
    auto budget = asked > 0 ? asked : budget_of_effort(effort).value_or(budget_tokens_default);
    if (request.output_tokens_max)
        budget = std::min(budget, *request.output_tokens_max / 5 * 4);
    if (bare_call || (request.output_tokens_max && budget < budget_tokens_min))
        return out;
    out.form = Form::budget;
    out.budget_tokens = std::max(budget, budget_tokens_min);
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
