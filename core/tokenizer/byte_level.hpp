#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obliv::tokenizer {

/// GPT-2's way to write bytes as printable characters, in which byte-level vocabularies are
/// published: a byte that is a printable Latin-1 character is that character, every other one a
/// character from U+0100 on. Nothing where the text has a character that stands for no byte.
std::optional<std::string> bytes_of_byte_level(std::string_view text);

}  // namespace obliv::tokenizer
