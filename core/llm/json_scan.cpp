#include "core/llm/json_scan.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::llm {
namespace {

constexpr auto npos = std::string_view::npos;

/// Where `key` stands between quotes at or after `from`; the position of the first quote.
std::size_t find_quoted(std::string_view text, std::string_view key, std::size_t from) noexcept {
    auto width = key.size() + 1;  // from one quote to the other
    auto at = from;
    auto matches = [&](std::size_t i) { return text.compare(i + 1, key.size(), key) == 0; };
#if defined(__SSE2__)
    // Sixteen places at a time where two quotes are so far apart: in JSON that is nearly always the
    // key.
    const auto quotes = _mm_set1_epi8('"');
    for (; at + width + 16 <= text.size(); at += 16) {
        auto first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        auto last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at + width));
        auto both = _mm_and_si128(_mm_cmpeq_epi8(first, quotes), _mm_cmpeq_epi8(last, quotes));
        for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(both)); mask != 0;
             mask &= mask - 1) {
            auto place = at + static_cast<std::size_t>(__builtin_ctz(mask));
            if (matches(place))
                return place;
        }
    }
#endif
    for (; at + width < text.size(); ++at)
        if (text[at] == '"' && text[at + width] == '"' && matches(at))
            return at;
    return npos;
}

/// Where the number or word ends that starts at `at`.
std::size_t end_of_plain(std::string_view json, std::size_t at) noexcept {
    auto ends = [](char c) {
        return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
    };
    while (at < json.size() && !ends(json[at]))
        ++at;
    return at;
}

/// By how much deeper the text is behind a character that is in no string.
int nesting(char c) noexcept {
    switch (c) {
    case '{':
    case '[':
        return 1;
    case '}':
    case ']':
        return -1;
    default:
        return 0;
    }
}

constexpr std::uint32_t replacement = 0xFFFD;

void append_point(std::string& out, std::uint32_t point) {
    auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
    auto rest = [&](std::uint32_t shift) { byte(0x80 | ((point >> shift) & 0x3F)); };
    if (point < 0x80)
        return byte(point);
    if (point < 0x800) {
        byte(0xC0 | (point >> 6));
        return rest(0);
    }
    if (point < 0x1'0000) {
        byte(0xE0 | (point >> 12));
    } else {
        byte(0xF0 | (point >> 18));
        rest(12);
    }
    rest(6);
    rest(0);
}

/// The four digits of a `\u` escape at the start of `text`; nothing: it is none.
std::optional<std::uint32_t> unit_of(std::string_view text) {
    std::uint32_t unit = 0;
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u')
        return std::nullopt;
    auto read = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
    return read.ptr == text.data() + 6 ? std::optional(unit) : std::nullopt;
}

/// How long the `\u` escape, or the pair of them, is; 0: its end is missing.
std::size_t append_unit(std::string& out, std::string_view text) {
    if (text.size() < 6)
        return 0;
    auto unit = unit_of(text);
    if (!unit) {
        append_point(out, replacement);
        return 2;
    }
    bool high = *unit >= 0xD800 && *unit < 0xDC00;
    if (high && text.size() < 12 && (text.size() == 6 || text[6] == '\\'))
        return 0;
    auto low = high ? unit_of(text.substr(6)) : std::nullopt;
    if (low && *low >= 0xDC00 && *low < 0xE000) {
        append_point(out, 0x1'0000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
        return 12;
    }
    append_point(out, *unit >= 0xD800 && *unit < 0xE000 ? replacement : *unit);
    return 6;
}

}  // namespace

std::size_t append_unescaped(std::string& out, std::string_view content) {
    constexpr std::string_view letters = "nrtbf";
    constexpr std::string_view meant = "\n\r\t\b\f";
    std::size_t at = 0;
    for (auto slash = content.find('\\'); slash != npos; slash = content.find('\\', at)) {
        out += content.substr(at, slash - at);
        at = slash;
        if (at + 1 == content.size())
            return at;
        auto letter = letters.find(content[at + 1]);
        std::size_t length = 2;
        if (content[at + 1] == 'u')
            length = append_unit(out, content.substr(at));
        else
            out += letter == npos ? content[at + 1] : meant[letter];
        if (length == 0)
            return at;
        at += length;
    }
    out += content.substr(at);
    return content.size();
}

std::size_t find_value(std::string_view json, std::string_view key, std::size_t from) noexcept {
    while ((from = find_quoted(json, key, from)) != npos) {
        from += key.size() + 2;
        if (auto value = value_behind(json, from); value != npos)
            return value;
    }
    return npos;
}

std::size_t value_behind(std::string_view json, std::size_t at) noexcept {
    auto colon = skip_spaces(json, at);
    return colon < json.size() && json[colon] == ':' ? skip_spaces(json, colon + 1) : npos;
}

std::size_t end_of_value(std::string_view json, std::size_t at) noexcept {
    if (json[at] != '"' && nesting(json[at]) <= 0)
        return end_of_plain(json, at);
    std::int64_t depth = 0;
    do {
        if (json[at] == '"')
            at += string_at(json, at).size() + 1;
        else
            depth += nesting(json[at]);
        ++at;
    } while (depth > 0 && at < json.size());
    return std::min(at, json.size());
}

std::string_view object_at(std::string_view json, std::size_t at) noexcept {
    std::size_t depth = 0;
    for (auto i = at; i < json.size(); ++i) {
        char c = json[i];
        if (c == '"')
            i += string_at(json, i).size() + 1;
        else if (c == '{')
            ++depth;
        else if (c == '}' && --depth == 0)
            return json.substr(at, i + 1 - at);
    }
    return {};
}

std::string_view string_at(std::string_view json, std::size_t at) noexcept {
    auto i = at + 1;
#if defined(__SSE2__)
    const auto quotes = _mm_set1_epi8('"');
    const auto slashes = _mm_set1_epi8('\\');
    while (i + 16 <= json.size()) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(json.data() + i));
        auto found = _mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, slashes)));
        if (found == 0) {
            i += 16;
            continue;
        }
        i += static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(found)));
        if (json[i] == '"')
            break;
        i += 2;
    }
#endif
    while (i < json.size() && json[i] != '"')
        i += json[i] == '\\' ? 2 : 1;
    if (i >= json.size())
        return json.substr(at + 1);
    return json.substr(at + 1, i - at - 1);
}

}  // namespace obliv::llm
