#include "core/base/error.hpp"

#include "core/base/check.hpp"

#include <array>

namespace obliv {
namespace {

// clang-format off
constexpr std::array table{
    CodeInfo{Code::internal,             "internal_error",        500, 1,  "failed",      false, "A defect on our side."},
    CodeInfo{Code::invalid_request,      "invalid_request",       400, 1,  "failed",      false, "The request cannot be understood or breaks a rule."},
    CodeInfo{Code::usage,                "usage",                 400, 2,  "usage",       false, "A flag, argument or filter is wrong."},
    CodeInfo{Code::config_invalid,       "config_invalid",        500, 3,  "config",      false, "A configuration file is unreadable or invalid."},
    CodeInfo{Code::unauthenticated,      "unauthenticated",       401, 4,  "auth",        false, "No credential was given, or it is unknown, expired or revoked."},
    CodeInfo{Code::forbidden,            "forbidden",             403, 4,  "auth",        false, "The caller is known and may not do this."},
    CodeInfo{Code::not_found,            "not_found",             404, 5,  "not_found",   false, "The named object does not exist."},
    CodeInfo{Code::model_not_found,      "model_not_found",       404, 5,  "not_found",   false, "No channel serves this model to this caller."},
    CodeInfo{Code::method_not_allowed,   "method_not_allowed",    405, 1,  "failed",      false, "The path exists, but not with this method."},
    CodeInfo{Code::conflict,             "conflict",              409, 6,  "conflict",    false, "The object exists already, was changed meanwhile or is in use."},
    CodeInfo{Code::request_timeout,      "request_timeout",       408, 9,  "timeout",     true,  "The request did not arrive in time."},
    CodeInfo{Code::payload_too_large,    "payload_too_large",     413, 1,  "failed",      false, "The body is larger than the limit."},
    CodeInfo{Code::header_too_large,     "header_too_large",      431, 1,  "failed",      false, "The request line and headers are larger than the limit."},
    CodeInfo{Code::unsupported,          "unsupported",           400, 1,  "failed",      false, "Well formed, but not something this version does."},
    CodeInfo{Code::rate_limited,         "rate_limited",          429, 8,  "limited",     true,  "Too many requests in this minute, or too many at once."},
    CodeInfo{Code::quota_exhausted,      "quota_exhausted",       429, 8,  "limited",     false, "The account or the token's budget cannot pay for this call."},
    CodeInfo{Code::overloaded,           "overloaded",            503, 7,  "unavailable", true,  "A queue of the daemon is full."},
    CodeInfo{Code::unavailable,          "unavailable",           503, 7,  "unavailable", true,  "A needed part is down; nothing was done."},
    CodeInfo{Code::no_channel,           "no_channel",            503, 7,  "unavailable", true,  "Channels serve this model, and none can be used now."},
    CodeInfo{Code::upstream_failed,      "upstream_failed",       502, 7,  "unavailable", true,  "The provider answered with an error or broke off."},
    CodeInfo{Code::upstream_timeout,     "upstream_timeout",      504, 9,  "timeout",     true,  "The provider did not answer in time."},
    CodeInfo{Code::upstream_credentials, "upstream_credentials",  502, 7,  "unavailable", false, "The provider refused the key of the channel."},
    CodeInfo{Code::timeout,              "timeout",               504, 9,  "timeout",     true,  "A time budget ran out."},
    CodeInfo{Code::cancelled,            "cancelled",             499, 130, "signal",     true,  "The caller left, or the program is stopping."},
    CodeInfo{Code::refused,              "refused",               400, 12, "refused",     false, "A content filter or a tool policy said no."},
    CodeInfo{Code::gate,                 "gate",                  422, 10, "gate",        false, "A check ran and said no."},
    CodeInfo{Code::partial,              "partial",               207, 11, "partial",     false, "The batch finished and some items failed."},
    CodeInfo{Code::io,                   "io_error",              500, 1,  "failed",      true,  "A disk, file or socket operation failed on our side."},
    CodeInfo{Code::corrupt,              "corrupt",               500, 1,  "failed",      false, "Stored data contradicts itself."},
};
// clang-format on

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i)
        if (table[i].code != static_cast<Code>(i))
            return false;
    return true;
}
static_assert(in_order(), "the rows stand in the order of the enumerators");
static_assert(table.size() == static_cast<std::size_t>(Code::corrupt) + 1, "every code has a row");

}  // namespace

const CodeInfo& info(Code code) noexcept {
    auto index = static_cast<std::size_t>(code);
    check(index < table.size(), "an error code is one of the enumerators");
    return table[index];
}

std::span<const CodeInfo> all_codes() noexcept {
    return table;
}

std::optional<Code> code_from_name(std::string_view name) noexcept {
    for (const auto& row : table)
        if (row.name == name)
            return row.code;
    return std::nullopt;
}

Error Error::in(std::string_view context) && {
    message.insert(0, ": ");
    message.insert(0, context);
    return std::move(*this);
}

Error fail(Code code, std::string message) {
    Error error;
    error.code = code;
    error.message = std::move(message);
    return error;
}

}  // namespace obliv
