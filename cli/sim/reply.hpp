#pragma once

#include "cli/sim/plan.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::sim {

/// Said by every reply, so that nobody takes the simulator for the real thing.
inline constexpr std::string_view simulated_header = "x-simulated: true\r\n";

/// One whole HTTP reply, appended to `out`. `more` is further header lines, each with its CRLF.
void append_reply(std::string& out, int status, std::string_view body, bool keep_alive,
                  std::string_view more = {}, std::string_view type = "application/json");

/// A reply to a request that is refused, in the shape of the format; null: OpenAI's.
void append_error(std::string& out, const Error& error, bool keep_alive,
                  const Format* format = nullptr);

/// The reply of Fault::Kind::status.
void append_fault(std::string& out, const Plan& plan, bool keep_alive);

/// The body of `GET /v1/models`.
std::string models_body(const Options& options);

/// The body of a plain chat completion, or of what is no chat. With Fault::Kind::malformed its
/// second half is missing.
std::string completion_body(const Plan& plan);

/// `{"prompt_tokens":…}`: what the call consumed.
std::string usage_object(const Plan& plan);

/// `stop`, `length` or `tool_calls`.
std::string_view finish_reason(const Plan& plan) noexcept;

/// The id that every part of a reply names.
std::string reply_id(std::uint64_t number);

/// Seconds since 1970 of a reply: fixed, but for the call's number, so that equal runs give equal
/// bytes.
std::int64_t created_at(std::uint64_t number) noexcept;

}  // namespace obliv::sim
