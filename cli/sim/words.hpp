#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace obliv::sim {

/// How many words `text` has: runs of bytes that are not space, tab, CR or LF. One word is one
/// token, for prompts and replies alike.
std::int64_t count_words(std::string_view text) noexcept;

/// The words of `text`, each with the blanks before it, so that together they are the text up to
/// its last word.
std::vector<std::string_view> split_words(std::string_view text);

/// Word `index` of a text that has no end, with a space in front of all but the first.
std::string_view lorem(std::size_t index) noexcept;

}  // namespace obliv::sim
