#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
/// ASCII only. Inline: headers are compared by this, a dozen times a request.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    return true;
}
std::string_view trim(std::string_view text) noexcept;  ///< spaces and tabs
std::vector<std::string_view> split(std::string_view text, char separator);
/// The offset of the first CR or LF at or behind `from`; npos: there is none.
std::size_t find_line_end(std::string_view text, std::size_t from = 0) noexcept;

/// The offset of the first byte that is not part of valid UTF-8 (RFC 3629: no surrogates, nothing
/// over U+10FFFF, no overlong forms), or nothing when all of it is.
std::optional<std::size_t> first_invalid_utf8(std::string_view text) noexcept;

/// `text` made safe to show: control bytes but LF and TAB, C1 controls, bidirectional overrides and
/// invalid UTF-8 become visible marks, so that text from outside cannot drive a terminal.
std::string visible(std::string_view text);

/// The same for text that goes on to be escaped: ASCII stays as it is, controls included.
std::string without_dangers(std::string_view text);

/// The candidate nearest to `word`, if it is near enough to be what was meant.
std::optional<std::string_view> did_you_mean(std::string_view word,
                                             std::span<const std::string_view> candidates);

/// The plain decimal number that is all of `text`, if it is one and fits.
std::optional<std::int64_t> parse_int(std::string_view text) noexcept;

}  // namespace obliv
