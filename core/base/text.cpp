#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv {
namespace {

/// What a first byte of UTF-8 promises. Table 3-7 of Unicode.
struct Lead {
    unsigned char first;  ///< of the first bytes that this row is for
    unsigned char last;
    unsigned char length;       ///< of the sequence, in bytes
    unsigned char second_low;   ///< what the second byte may be: narrower than 80..BF where a
    unsigned char second_high;  ///< shorter form, a surrogate or more than 10FFFF would come out
};
constexpr std::array leads{
    Lead{0xC2, 0xDF, 2, 0x80, 0xBF}, Lead{0xE0, 0xE0, 3, 0xA0, 0xBF},
    Lead{0xE1, 0xEC, 3, 0x80, 0xBF}, Lead{0xED, 0xED, 3, 0x80, 0x9F},
    Lead{0xEE, 0xEF, 3, 0x80, 0xBF}, Lead{0xF0, 0xF0, 4, 0x90, 0xBF},
    Lead{0xF1, 0xF3, 4, 0x80, 0xBF}, Lead{0xF4, 0xF4, 4, 0x80, 0x8F},
};

constexpr unsigned char byte_of(char c) noexcept {
    return static_cast<unsigned char>(c);
}

/// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
    auto first = byte_of(text.front());
    if (first < 0x80)
        return 1;
    const auto* lead = std::find_if(leads.begin(), leads.end(),
                                    [&](const Lead& row) { return first <= row.last; });
    if (lead == leads.end() || first < lead->first || text.size() < lead->length)
        return 0;
    auto second = byte_of(text[1]);
    if (second < lead->second_low || second > lead->second_high)
        return 0;
    auto rest = text.substr(2, lead->length - 2U);
    bool whole =
        std::all_of(rest.begin(), rest.end(), [](char c) { return (byte_of(c) & 0xC0) == 0x80; });
    return whole ? lead->length : 0;
}

/// First and last of a run of characters, as UTF-8: those of one length compare as their numbers.
using CharacterRange = std::pair<std::string_view, std::string_view>;
constexpr std::array dangerous_ranges{
    CharacterRange{"\xC2\x80", "\xC2\x9F"},          // C1 controls
    CharacterRange{"\xD8\x9C", "\xD8\x9C"},          // Arabic letter mark
    CharacterRange{"\xE2\x80\x8E", "\xE2\x80\x8F"},  // marks of direction
    CharacterRange{"\xE2\x80\xA8", "\xE2\x80\xAE"},  // line ends, embeddings, overrides
    CharacterRange{"\xE2\x81\xA6", "\xE2\x81\xA9"},  // isolates
};

/// C1 controls and the characters that reorder or hide what follows them.
bool dangerous(std::string_view sequence) noexcept {
    return std::any_of(dangerous_ranges.begin(), dangerous_ranges.end(), [&](const auto& range) {
        return sequence.size() == range.first.size() && sequence >= range.first &&
               sequence <= range.second;
    });
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> older(b.size() + 1);  // two letters of `a` ago
    std::vector<std::size_t> old(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    auto same = [&](std::size_t i, std::size_t j) { return lower(a[i]) == lower(b[j]); };
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        older.swap(old);
        old.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] =
                std::min({old[j - 1] + (same(i - 1, j - 1) ? 0U : 1U), old[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1))
                row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row.back();
}

/// The same, but a word that was not finished is nearly right.
std::size_t distance_to(std::string_view word, std::string_view candidate) {
    constexpr std::size_t beginning_min = 3;
    if (word.size() >= beginning_min && word.size() < candidate.size() &&
        equal_ignoring_case(word, candidate.substr(0, word.size())))
        return 1;
    return edit_distance(word, candidate);
}

}  // namespace

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// Each line of each event of a stream is looked for: find_first_of calls memchr for every byte.
std::size_t find_line_end(std::string_view text, std::size_t from) noexcept {
    auto at = from;
#if defined(__SSE2__)
    const auto feeds = _mm_set1_epi8('\n');
    const auto returns = _mm_set1_epi8('\r');
    for (; at + 16 <= text.size(); at += 16) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        auto ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, feeds), _mm_cmpeq_epi8(bytes, returns));
        if (auto mask = static_cast<unsigned>(_mm_movemask_epi8(ends)); mask != 0)
            return at + static_cast<std::size_t>(__builtin_ctz(mask));
    }
#endif
    for (; at < text.size(); ++at)
        if (text[at] == '\n' || text[at] == '\r')
            return at;
    return std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        auto length = utf8_length(text.substr(at));
        if (length == 0)
            return at;
        at += length;
    }
    return std::nullopt;
}

std::string without_dangers(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBF\xBD";  // U+FFFD
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        auto length = utf8_length(text);
        auto sequence = text.substr(0, length == 0 ? 1 : length);
        out += length == 0 || dangerous(sequence) ? mark : sequence;
        text.remove_prefix(sequence.size());
    }
    return out;
}

std::string visible(std::string_view text) {
    std::string out;
    for (char character : without_dangers(text)) {
        auto c = static_cast<unsigned char>(character);
        if (c == 0x7F)
            out += "\xE2\x90\xA1";  // U+2421, the picture of DEL
        else if (c < 0x20 && c != '\n' && c != '\t')
            out.append("\xE2\x90").append(1, static_cast<char>(0x80 + c));  // U+2400 + c
        else
            out += character;
    }
    return out;
}

std::optional<std::string_view> did_you_mean(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    std::optional<std::string_view> best;
    // A third of the word may be wrong; beyond that a suggestion only confuses.
    std::size_t limit = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (auto candidate : candidates) {
        auto distance = distance_to(word, candidate);
        if (distance < limit) {
            limit = distance;
            best = candidate;
        }
    }
    return best;
}

std::optional<std::int64_t> parse_int(std::string_view text) noexcept {
    std::int64_t value = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

}  // namespace obliv
