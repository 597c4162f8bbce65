#include "core/llm/json_scan.hpp"

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

}  // namespace

std::size_t skip_spaces(std::string_view json, std::size_t at) noexcept {
    while (at < json.size() &&
           (json[at] == ' ' || json[at] == '\t' || json[at] == '\n' || json[at] == '\r'))
        ++at;
    return at;
}

std::size_t find_value(std::string_view json, std::string_view key, std::size_t from) noexcept {
    while ((from = find_quoted(json, key, from)) != npos) {
        from += key.size() + 2;
        auto colon = skip_spaces(json, from);
        if (colon < json.size() && json[colon] == ':')
            return skip_spaces(json, colon + 1);
    }
    return npos;
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
