#pragma once

#include <cstdint>

namespace obliv::tokenizer {

/// What a split pattern asks of a code point, as one bit each, so that a set of classes is a mask.
/// The classes are disjoint.
using CharClass = std::uint16_t;

constexpr CharClass char_control = 1U << 0U;   ///< none of the others: control, format, unassigned
constexpr CharClass char_space = 1U << 1U;     ///< White_Space, but for the two of char_newline
constexpr CharClass char_newline = 1U << 2U;   ///< CR and LF
constexpr CharClass char_number = 1U << 3U;    ///< general category N
constexpr CharClass char_upper = 1U << 4U;     ///< Lu and Lt
constexpr CharClass char_lower = 1U << 5U;     ///< Ll
constexpr CharClass char_caseless = 1U << 6U;  ///< Lm and Lo
constexpr CharClass char_mark = 1U << 7U;      ///< M
constexpr CharClass char_symbol = 1U << 8U;    ///< P and S

constexpr CharClass char_letter = char_upper | char_lower | char_caseless;
constexpr CharClass char_white = char_space | char_newline;

/// One character of UTF-8 text. A byte that begins no valid character is one character of
/// char_symbol, as the replacement character would be. At the end: no class, no bytes.
struct Char {
    CharClass cls = 0;
    std::uint8_t bytes = 0;
    bool cut = false;  ///< the text ends inside the character: more bytes may change what it is
};

/// The character at `at`, which lies before `end`.
Char char_at(const char* at, const char* end) noexcept;

/// The code point of a whole character as char_at() measured it; 0xFFFD for an invalid byte.
char32_t code_point(const char* at, Char character) noexcept;

}  // namespace obliv::tokenizer
