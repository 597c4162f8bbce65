#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// OpenAI's chat completions, which most providers speak in a dialect of their own.
extern const Wire openai;

namespace openai_parts {

Result<llm::ChatRequest> read_request(const RequestSource& source);
std::unique_ptr<ReplyWriter> new_writer(const WriteOptions& options);
Result<WrittenRequest> write_request(const llm::ChatRequest& request, const Dialect& dialect);
std::unique_ptr<ReplyReader> new_reader(const ReadOptions& options);

}  // namespace openai_parts
}  // namespace obliv::wire
