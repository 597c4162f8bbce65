#pragma once

#include "core/tokenizer/encoding.hpp"

#include <string>
#include <string_view>

namespace obliv::tokenizer {

/// Reads a Hugging Face `tokenizer.json` of the kind that Qwen, DeepSeek, Llama and GLM publish:
/// byte-level BPE with one of the split patterns of docs/tokenizers.md. Anything else is refused
/// with what it has that we do not do, for a count that is nearly right would be called exact. Its
/// added tokens become the encoding's specials.
Result<Encoding> read_hugging_face(std::string name, std::string_view json);

/// The same of a file of at most 64 MiB.
Result<Encoding> open_hugging_face(const std::string& path);

}  // namespace obliv::tokenizer
