#include "core/wire/ollama.hpp"

namespace obliv::wire {

const Wire ollama{"ollama", llm::ErrorShape::openai, nullptr,
                  nullptr,  write_ollama_request,    new_ollama_reader};

}  // namespace obliv::wire
