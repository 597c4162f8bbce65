#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// Text from a provider made fit for a client and for the log: API keys, bearer tokens, values of
/// secret-looking fields, organisation ids and internal URLs become `[redacted]`, control bytes
/// become visible, and what is over `bytes_max` is cut at a character. Public URLs without
/// credentials, query or port stay: they are the provider's documentation.
std::string redact(std::string_view text, std::size_t bytes_max = 1024);

/// What stands where a secret stood.
inline constexpr std::string_view redaction_mark = "[redacted]";

/// A part of a text that must not be seen.
struct SecretSpan {
    std::size_t at = 0;
    std::size_t length = 0;
};

/// What redact() replaces in a text, in order.
std::vector<SecretSpan> secrets_in(std::string_view text);

}  // namespace obliv::llm
