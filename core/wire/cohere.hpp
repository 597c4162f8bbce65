#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// Cohere's chat, version 2.
extern const Wire cohere;

Result<llm::ChatRequest> read_cohere_request(const RequestSource& source);
std::unique_ptr<ReplyWriter> new_cohere_writer(const WriteOptions& options);
Result<WrittenRequest> write_cohere_request(const llm::ChatRequest& request,
                                            const Dialect& dialect);
std::unique_ptr<ReplyReader> new_cohere_reader(const ReadOptions& options);

}  // namespace obliv::wire
