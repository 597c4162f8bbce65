#pragma once

#include "core/base/secret.hpp"
#include "core/http/head.hpp"
#include "core/wire/wire.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace obliv::sim {

// iFlytek's Spark over its WebSocket. Over HTTP it speaks OpenAI's format, at OpenAI's path.

/// Reads the message that asks, as far as a simulated reply depends on it.
Result<llm::ChatRequest> read_spark(const wire::RequestSource& source);

/// Writes the messages that answer, each in a frame, and behind the last one the close.
std::unique_ptr<wire::ReplyWriter> new_spark_writer(const wire::WriteOptions& options);

/// Whether the query of the handshake is signed with `key`, which is `APP_ID|API_KEY|API_SECRET`.
bool is_signed_for_spark(const Secret& key, const http::RequestHead& head);

/// The message that refuses, in its frame, and the close.
std::string spark_refusal(const Error& error);

}  // namespace obliv::sim
