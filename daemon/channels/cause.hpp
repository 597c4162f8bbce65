#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace obliv::channels {

/// How one call to a channel ended. The names are public: records, metrics and reports show them.
enum class Cause : std::uint8_t {
    ok,
    unreachable,   ///< no connection, or no TLS
    timeout,       ///< connected, and no answer in time
    key_refused,   ///< 401, 402, 403
    rate_limited,  ///< 429
    server_error,  ///< 5xx
    refused,       ///< any other status that is no answer: 408, 409, 425, a redirection
    bad_reply,     ///< a reply without content: empty, an error in place of it, not to be read
    cut,           ///< broke off after content had reached the caller
    cancelled,     ///< the caller left
    unusable,      ///< its settings do not allow a call
};
inline constexpr std::size_t causes = 11;

constexpr std::string_view name_of(Cause cause) noexcept {
    constexpr std::array<std::string_view, causes> names{
        "ok",      "unreachable", "timeout", "key_refused", "rate_limited", "server_error",
        "refused", "bad_reply",   "cut",     "cancelled",   "unusable"};
    return names[static_cast<std::size_t>(cause)];
}

/// The cause that a status which is no answer stands for.
constexpr Cause cause_of(int status) noexcept {
    if (status == 401 || status == 402 || status == 403)
        return Cause::key_refused;
    if (status == 429)
        return Cause::rate_limited;
    return status >= 500 ? Cause::server_error : Cause::refused;
}

/// Whether the key was at fault, not the channel.
constexpr bool blames_key(Cause cause) noexcept {
    return cause == Cause::key_refused || cause == Cause::rate_limited;
}

}  // namespace obliv::channels
