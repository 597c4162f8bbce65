#pragma once

#include "core/base/secret.hpp"
#include "daemon/notices/notice.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::notices {

// One notice in the form of each receiver. Pure.

/// The JSON object that a webhook gets.
std::string webhook_body(const Notice& notice);
/// `t=SECONDS,v1=HEX`: the HMAC-SHA-256 of `SECONDS.BODY` under the secret.
std::string webhook_signature(const Secret& secret, WallTime now, std::string_view body);

/// An incoming webhook of Slack.
std::string slack_body(const Notice& notice);

/// A robot of DingTalk, and what is added to its URL where the robot asks for signatures:
/// https://open.dingtalk.com, "custom robot access".
std::string dingtalk_body(const Notice& notice);
std::string dingtalk_query(const Secret& secret, WallTime now);
/// What went wrong by the reply, which has status 200 also then; empty: nothing.
std::string dingtalk_problem(std::string_view reply);

/// A mail of plain text, headers and all (RFC 5322).
std::string mail_text(const Notice& notice, std::string_view from,
                      const std::vector<std::string>& to);

}  // namespace obliv::notices
