#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// Ollama's own `/api/chat`: towards providers only.
extern const Wire ollama;

Result<WrittenRequest> write_ollama_request(const llm::ChatRequest& request,
                                            const Dialect& dialect);
std::unique_ptr<ReplyReader> new_ollama_reader(const ReadOptions& options);

}  // namespace obliv::wire
