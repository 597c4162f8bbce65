#include "core/wire/bedrock.hpp"

#include "core/wire/bedrock_parts.hpp"

namespace obliv::wire {

const Wire bedrock{bedrock_name, llm::ErrorShape::openai, nullptr,
                   nullptr,      write_bedrock_request,   new_bedrock_reader};

}  // namespace obliv::wire
