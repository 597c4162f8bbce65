#pragma once

#include "cli/sim/options.hpp"
#include "core/wire/wire.hpp"

#include <memory>
#include <string>

namespace obliv::sim {

// Ollama's own API. It streams unless told not to, one object on each line.

/// `/api/chat` and `/api/generate`, as far as a simulated reply depends on them.
Result<llm::ChatRequest> read_ollama_chat(const wire::RequestSource& source);
Result<llm::ChatRequest> read_ollama_generate(const wire::RequestSource& source);

std::unique_ptr<wire::ReplyWriter> new_ollama_chat_writer(const wire::WriteOptions& options);
std::unique_ptr<wire::ReplyWriter> new_ollama_generate_writer(const wire::WriteOptions& options);

/// The body of `GET /api/tags`.
std::string ollama_models(const Options& options);

}  // namespace obliv::sim
