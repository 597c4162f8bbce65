#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace obliv::llm {

/// Whose way of telling an error: each client gets the shape of the format that it called.
enum class ErrorShape : std::uint8_t { management, openai, anthropic, gemini };

/// The HTTP status of `error` in this shape: the one of docs/errors.md, but for the few that a
/// format has numbers of its own for.
int status_of(ErrorShape shape, const Error& error) noexcept;

/// The body of an error reply, one JSON object:
/// - management `{"error":{"type","code","message","param","request_id"}}`, and `hint` if there is
///   one; `type` is the exit-code class, `code` the name of the error;
/// - openai `{"error":{"message","type","param","code"}}`;
/// - anthropic `{"type":"error","error":{"type","message"},"request_id"}`;
/// - gemini `{"error":{"code","message","status"}}`.
/// Invalid UTF-8 in the texts becomes U+FFFD. The text of an Error is fit to be shown: what comes
/// from a provider goes through redact() where the Error is made.
std::string error_body(ErrorShape shape, const Error& error, std::string_view request_id);

}  // namespace obliv::llm
