#pragma once

#include "core/wire/wire.hpp"

#include <string>
#include <string_view>

namespace obliv::wire {

/// iFlytek's messages over a WebSocket, one asking and some answering, as one body each: without
/// frames, one behind the other. Towards providers only; over HTTP Spark speaks OpenAI's format.
extern const Wire spark;

/// The message that asks names the customer's application, of which write_request() knows nothing:
/// `message`, with it.
std::string with_spark_app(std::string_view message, std::string_view app_id);

Result<WrittenRequest> write_spark_request(const llm::ChatRequest& request, const Dialect& dialect);
std::unique_ptr<ReplyReader> new_spark_reader(const ReadOptions& options);

}  // namespace obliv::wire
