#pragma once

#include "core/llm/chat_request.hpp"

#include <cstdint>
#include <string>

namespace obliv::wire {

class Losses;

/// How a Claude model is told to think on behalf of a client of another format.
struct ClaudeThinking {
    enum class Form : std::uint8_t {
        unsaid,    ///< as the model does by itself, which for most is not at all
        disabled,  ///< said outright, to models that might think by themselves
        adaptive,  ///< with `effort`
        budget,    ///< of `budget_tokens`
    };
    Form form = Form::unsaid;
    std::string effort{};
    std::int64_t budget_tokens = 0;

    bool thinks() const noexcept { return form == Form::adaptive || form == Form::budget; }
};

/// `bare_call`: the last turn of the history that calls tools does not begin with a thought. Models
/// with a budget refuse that, and clients of other formats have nowhere to keep thoughts, so such a
/// call goes without; so does one that forces a tool, and one whose limit is too small to think in.
/// The limit of the reply holds for thoughts and words together: a fifth is left for the words.
ClaudeThinking claude_thinking(const llm::ChatRequest& request, bool bare_call);

/// What nobody but OpenAI and a few have a word for: penalties, seed, log probabilities, several
/// choices, sound, verbosity.
void lose_openai_only(const llm::ChatRequest& request, const std::string& why, Losses& losses);

}  // namespace obliv::wire
