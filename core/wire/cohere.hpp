#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// Cohere's chat, version 2: towards providers only.
extern const Wire cohere;

Result<WrittenRequest> write_cohere_request(const llm::ChatRequest& request,
                                            const Dialect& dialect);
std::unique_ptr<ReplyReader> new_cohere_reader(const ReadOptions& options);

}  // namespace obliv::wire
