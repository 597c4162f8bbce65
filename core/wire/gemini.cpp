#include "core/wire/gemini.hpp"

#include "core/wire/gemini_wire.hpp"

namespace obliv::wire {

// Field names and their meaning: the Gemini API reference, "Generating content", and the types that
// Google's own SDK publishes.
const Wire gemini{gemini_name,       llm::ErrorShape::gemini, read_gemini_request,
                  new_gemini_writer, write_gemini_request,    new_gemini_reader};

}  // namespace obliv::wire
