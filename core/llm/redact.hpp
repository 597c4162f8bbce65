#pragma once

#include <string>
#include <string_view>

namespace obliv::llm {

/// Text from a provider made fit for a client and for the log: API keys, bearer tokens, values of
/// secret-looking fields, organisation ids and internal URLs become `[redacted]`, control bytes
/// become visible, and what is over `bytes_max` is cut at a character. Public URLs without
/// credentials, query or port stay: they are the provider's documentation.
std::string redact(std::string_view text, std::size_t bytes_max = 1024);

}  // namespace obliv::llm
