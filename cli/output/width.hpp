#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace obliv::cli {

/// How many columns a terminal gives to this character: 0 for what combines with the one before, 2
/// for East Asian wide forms and emoji, else 1. By a table of our own: the C library's answer
/// depends on the locale and is useless in C, and ICU would bring 30 MB for these few ranges.
int char_width(char32_t c) noexcept;

/// One character off the front of `text`, which is moved on; U+FFFD for a byte that is none.
char32_t take_char(std::string_view& text) noexcept;

/// Columns that `text` takes. Control bytes count as one: they are shown as marks.
std::size_t text_width(std::string_view text) noexcept;

/// `text` in at most `columns`, with `…` at the end when something was cut away.
std::string cut_to_width(std::string_view text, std::size_t columns);

/// Offset of the character boundary before (after) `at`: combining marks and joined emoji move
/// with what they belong to.
std::size_t boundary_before(std::string_view text, std::size_t at) noexcept;
std::size_t boundary_after(std::string_view text, std::size_t at) noexcept;

}  // namespace obliv::cli
