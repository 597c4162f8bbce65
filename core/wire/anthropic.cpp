#include "core/wire/anthropic.hpp"

#include "core/wire/anthropic_parts.hpp"

namespace obliv::wire {

const Wire anthropic{anthropic_name,       llm::ErrorShape::anthropic, read_anthropic_request,
                     new_anthropic_writer, write_anthropic_request,    new_anthropic_reader};

// No client calls us in this form.
const Wire anthropic_vertex{"anthropic_vertex",   llm::ErrorShape::anthropic, nullptr, nullptr,
                            write_vertex_request, new_anthropic_reader};

}  // namespace obliv::wire
