#include "core/wire/responses.hpp"

#include "core/wire/responses_wire.hpp"

namespace obliv::wire {

const Wire responses{"responses",          llm::ErrorShape::openai, read_responses_request,
                     new_responses_writer, write_responses_request, new_responses_reader};

}  // namespace obliv::wire
