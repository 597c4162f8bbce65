#pragma once

#include "cli/output/json.hpp"
#include "core/base/error.hpp"

#include <string>

namespace obliv::cli {

/// What is known about the reply that an error came from.
struct ReplyFacts {
    int http_status = 0;  ///< 0: there was no reply
    std::string request_id{};
};

/// `obliv: why`, `  hint: …`, `  request: …`: at most three lines, nothing that drives a terminal.
std::string error_text(const Error& error, const ReplyFacts& facts);

/// `{"error":{…}}` with code, message, hint, retryable, retry_after_ms, http_status, request_id
/// and exit.
Json error_json(const Error& error, const ReplyFacts& facts);

/// The name of an exit code, refined where several errors share it: `limited.quota`.
std::string error_name(Code code);

}  // namespace obliv::cli
