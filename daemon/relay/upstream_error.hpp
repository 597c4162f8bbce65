#pragma once

#include "core/base/result.hpp"
#include "core/llm/wire_error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace obliv::relay {

/// What a provider's refusal means for the call.
enum class Verdict : std::uint8_t {
    accepted,  ///< a reply
    callers,   ///< the request is at fault: the caller gets the provider's words, nobody else is
               ///< asked
    key,       ///< our key is at fault
    channel,   ///< the provider is: somebody else may do better
};

Verdict verdict_on(int status) noexcept;

/// Whether a refusal says that the call is too long for the model, or against its content policy:
/// then another model may take it.
bool asks_for_other_model(std::string_view body) noexcept;

/// The error for a call that a provider refused, when nobody else could take it. `retry_after` is
/// the provider's header, in seconds.
Error refusal(std::string_view channel, int status, std::string_view body,
              std::optional<std::string_view> retry_after);

/// What a provider's error body says, for the caller, with what could be a secret taken out.
Error callers_error(std::string_view body, int status);

/// A provider's error body for the caller, in the shape of the format that he called: its message
/// and, in the OpenAI shape, its type, param and code, with what could be a secret taken out.
std::string callers_error_body(std::string_view body, llm::ErrorShape shape, int status,
                               std::string_view request_id);

}  // namespace obliv::relay
