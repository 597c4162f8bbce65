#include "core/wire/cohere.hpp"

namespace obliv::wire {

const Wire cohere{"cohere",          llm::ErrorShape::openai, read_cohere_request,
                  new_cohere_writer, write_cohere_request,    new_cohere_reader};

}  // namespace obliv::wire
