#include "core/llm/json_reader.hpp"

#include "core/llm/json_scan.hpp"

#include <algorithm>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::llm {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Which of the sixteen bytes at `text` end a string, or have a meaning of their own in it or none.
/// `beyond_ascii` becomes other than zero where one of them is.
unsigned marks_in(const char* text, unsigned& beyond_ascii) noexcept {
#if defined(__SSE2__)
    auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    auto controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    auto marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    beyond_ascii |= static_cast<unsigned>(_mm_movemask_epi8(bytes));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(marks, controls)));
#else
    unsigned found = 0;
    for (unsigned i = 0; i < 16; ++i) {
        auto byte = static_cast<unsigned char>(text[i]);
        bool mark = byte == '"' || byte == '\\' || byte < 0x20;
        found |= (mark ? 1U : 0U) << i;
        beyond_ascii |= byte >> 7;
    }
    return found;
#endif
}

}  // namespace

const char* const JsonReader::nested_too_deep = "it is nested too deep";
const char* const JsonReader::control_character = "a string holds a control character";

bool JsonReader::enter(char close) noexcept {
    ++at_;
    if (peek() != close)
        return true;
    ++at_;
    return false;
}

bool JsonReader::more(char close) noexcept {
    auto next = peek();
    ++at_;
    if (next == ',')
        return true;
    return next == close ? false : fail("a comma or a closing bracket is missing");
}

bool JsonReader::key(std::string_view& name) noexcept {
    if (peek() != '"')
        return fail("a name in quotes is missing");
    if (!string(name))
        return false;
    if (peek() != ':')
        return fail("a colon is missing");
    ++at_;
    return true;
}

bool JsonReader::string(std::string_view& content) noexcept {
    auto begin = at_ + 1;
    auto at = begin;
    unsigned beyond_ascii = 0;
    escaped_ = false;
    while (at < text_.size()) {
        auto marks = marks_in(text_.data() + at, beyond_ascii);
        if (marks == 0) {
            at += 16;
            continue;
        }
        at += static_cast<std::size_t>(__builtin_ctz(marks));
        if (at >= text_.size())
            break;
        if (text_[at] == '"') {
            beyond_ascii_ = beyond_ascii_ || beyond_ascii != 0;
            content = text_.substr(begin, at - begin);
            at_ = at + 1;
            return true;
        }
        if (text_[at] != '\\')
            return fail(control_character);
        escaped_ = true;
        // These two would be taken for an end, or for the begin of another; all else is looked at.
        bool quoted = at + 1 < text_.size() && (text_[at + 1] == '"' || text_[at + 1] == '\\');
        at += quoted ? 2 : 1;
    }
    return fail("a string does not end");
}

/// Moves `at` behind the digits there, of which there must be one.
bool JsonReader::pass_digits(std::size_t& at) const noexcept {
    auto begin = at;
    while (at < text_.size() && is_digit(text_[at]))
        ++at;
    return at > begin;
}

bool JsonReader::pass_exponent(std::size_t& at) const noexcept {
    if (!holds(at, 'e') && !holds(at, 'E'))
        return true;
    ++at;
    at += holds(at, '+') || holds(at, '-') ? 1 : 0;
    return pass_digits(at);
}

bool JsonReader::number(std::string_view& text) noexcept {
    auto at = at_ + (holds(at_, '-') ? 1 : 0);
    bool zero = holds(at, '0');
    auto whole = at;
    bool good = pass_digits(at) && (!zero || at == whole + 1);
    if (good && holds(at, '.'))
        good = pass_digits(++at);
    if (!good || !pass_exponent(at))
        return fail("a value is missing, or is none of JSON");
    text = text_.substr(at_, at - at_);
    at_ = at;
    return true;
}

bool JsonReader::word(std::string_view expected) noexcept {
    if (!text_.substr(at_).starts_with(expected))
        return fail("a value is missing, or is none of JSON");
    at_ += expected.size();
    return true;
}

bool JsonReader::skip(int depth) noexcept {
    std::string_view ignored;
    auto first = peek();
    switch (first) {
    case '"':
        return string(ignored);
    case 't':
        return word("true");
    case 'f':
        return word("false");
    case 'n':
        return word("null");
    case '{':
    case '[':
        break;
    default:
        return number(ignored);
    }
    if (depth >= depth_max)
        return fail(nested_too_deep);
    bool object = first == '{';
    char close = object ? '}' : ']';
    bool more_to_come = enter(close);
    while (more_to_come) {
        if ((object && !key(ignored)) || !skip(depth + 1))
            return false;
        more_to_come = more(close);
    }
    return !failed();
}

std::optional<std::string> unescaped(std::string_view content) {
    for (auto at = content.find('\\'); at != content.npos; at = content.find('\\', at + 2)) {
        auto escape = content.substr(at + 1, 5);
        constexpr std::string_view letters = "\"\\/bfnrt";
        bool unit = escape.size() == 5 && escape[0] == 'u' &&
                    std::all_of(escape.begin() + 1, escape.end(), is_hex);
        if (!unit && (escape.empty() || letters.find(escape[0]) == letters.npos))
            return std::nullopt;
    }
    std::string out;
    append_unescaped(out, content);
    return out;
}

}  // namespace obliv::llm
