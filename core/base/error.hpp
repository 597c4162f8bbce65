#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace obliv {

/// What went wrong, as far as anybody has to act on it. The table in error.cpp gives each its
/// public name, HTTP status, exit code and whether a caller may retry; docs/errors.md is generated
/// from it.
enum class Code : std::uint8_t {
    internal,              ///< a bug, or a default-constructed Result
    invalid_request,       ///< the call cannot be understood or breaks a rule
    usage,                 ///< a wrong flag or argument on a command line
    config_invalid,        ///< a configuration file cannot be used
    unauthenticated,       ///< no credential, or an unknown, expired or revoked one
    forbidden,             ///< the caller is known and may not do this
    not_found,             ///< the named object does not exist
    model_not_found,       ///< no channel serves this model to this caller
    method_not_allowed,    ///< the path exists, the method does not
    conflict,              ///< exists already, changed meanwhile, or in use
    request_timeout,       ///< the client sent its request too slowly
    payload_too_large,     ///< the body is over its limit
    header_too_large,      ///< the request head is over its limit
    unsupported,           ///< well formed, but not something we do
    rate_limited,          ///< too many requests in this minute, or at once
    quota_exhausted,       ///< the account or the token's budget cannot pay for this call
    overloaded,            ///< one of our own queues is full
    unavailable,           ///< a needed part is down; nothing was done
    no_channel,            ///< channels serve this model, and none can be used now
    upstream_failed,       ///< the provider answered with an error or broke off
    upstream_timeout,      ///< the provider did not answer in time
    upstream_credentials,  ///< the provider refused our key
    timeout,               ///< a local time budget ran out
    cancelled,             ///< the caller left or the program is stopping
    refused,               ///< content filter, or a tool was denied
    gate,                  ///< a check ran and said no
    partial,               ///< a batch finished, and some of its items failed
    io,                    ///< disk, file or socket failure on our side
    corrupt,               ///< stored data contradicts itself
};

/// The row of one code. `name` is part of the public interface: it never changes.
struct CodeInfo {
    Code code;
    std::string_view name;       ///< snake_case, as in `error.code` of the management API
    int http_status;             ///< status of the reply
    int exit_code;               ///< of `obliv` (0–12) or `oblivd` (1, 75, 78)
    std::string_view exit_name;  ///< name of the exit code
    bool retryable;              ///< the same call may succeed later, unchanged
    std::string_view meaning;    ///< one sentence for docs/errors.md
};

const CodeInfo& info(Code code) noexcept;
std::span<const CodeInfo> all_codes() noexcept;
std::optional<Code> code_from_name(std::string_view name) noexcept;

/// A failure on its way to a person. `message` says what was expected, what came and what to do; it
/// never holds a secret, a prompt or a body. Cheap to move; owns its text.
struct Error {
    Code code = Code::internal;
    std::string message;
    std::string param{};  ///< the field or flag at fault, if one is
    std::string hint{};   ///< the next thing to do, if the message does not say so
    std::optional<std::chrono::milliseconds> retry_after{};  ///< when a retry makes sense

    /// The same error with `context: ` in front of the message. Add context once, where it is
    /// known.
    Error in(std::string_view context) &&;
};

Error fail(Code code, std::string message);

}  // namespace obliv
