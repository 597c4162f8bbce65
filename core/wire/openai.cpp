#include "core/wire/openai.hpp"

namespace obliv::wire {

const Wire openai{"openai",
                  llm::ErrorShape::openai,
                  openai_parts::read_request,
                  openai_parts::new_writer,
                  openai_parts::write_request,
                  openai_parts::new_reader};

}  // namespace obliv::wire
