#pragma once

#include "core/llm/chat_request.hpp"
#include "core/wire/wire.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// What a format may have no word for.
enum class Term : std::uint8_t {
    temperature,
    top_p,
    top_k,
    frequency_penalty,
    presence_penalty,
    seed,
    stop,
    logprobs,
    top_logprobs,
    logit_bias,
    choices,
    reasoning_effort,
    reasoning_budget,
    reasoning_summary,
    response_format,
    tool_choice,
    modalities,
    audio,
    service_tier,
    user,
    metadata,
    message_name,
    tool_strict,
    cache_control,
};

/// What the format `wire` calls it.
std::string_view name_in(std::string_view wire, Term term) noexcept;

/// Why a conversation without a word is none.
inline constexpr const char* nobody_speaks = "nobody says anything in them";

/// Gathers what a writer cannot carry, each thing once, named as the client named it.
class Losses {
public:
    /// Both live longer.
    Losses(const llm::ChatRequest& request, std::string_view target)
        : request_(&request), target_(target) {}

    void add(Term term, std::string why);
    /// `field` in the client's own words, where no Term fits: `a video in a message`.
    void add(std::string field, std::string why);
    /// What came by another wire and only that one knows: extras, and parts of messages and tools
    /// of the provider's own. Say it once for each request.
    void add_foreign();
    /// What a provider that only answers in text has no word for: other modalities, sound, service
    /// tiers and verbosity.
    void add_beyond_text(const std::string& provider);
    /// That documents are to be cited, where the provider cannot be asked to.
    void add_citations(const std::string& provider);
    /// Whether extras, opaques, proofs and file ids of the request are the target's own.
    bool same_wire() const noexcept { return request_->wire == target_; }

    std::vector<Loss> take() && { return std::move(losses_); }

private:
    void add_foreign(const std::vector<llm::Extra>& extras);
    void add_foreign(const llm::Part& part);

    const llm::ChatRequest* request_;
    std::string_view target_;
    std::vector<Loss> losses_;
};

/// An id for a provider that takes letters and digits only, of exactly this length (Mistral: 9):
/// itself where it is one, else one made from it, always the same, so that a call and its result
/// still find each other. 0: any id will do.
std::string fitting_id(std::string_view id, std::size_t bytes);

}  // namespace obliv::wire
