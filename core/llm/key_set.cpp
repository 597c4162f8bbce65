#include "core/llm/key_set.hpp"

#include "core/llm/json_scan.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::llm {

KeySet::Found KeySet::at_quote(std::string_view json, std::size_t quote) const noexcept {
    if (quote + 1 >= json.size())
        return {};
    auto starts = starts_[static_cast<unsigned char>(json[quote + 1]) & 0x7F];
    for (unsigned mask = starts; mask != 0; mask &= mask - 1) {
        auto which = static_cast<std::size_t>(__builtin_ctz(mask));
        auto name = names_[which];
        auto end = quote + 1 + name.size();
        if (end >= json.size() || json[end] != '"' ||
            json.compare(quote + 1, name.size(), name) != 0)
            continue;
        auto colon = skip_spaces(json, end + 1);
        if (colon < json.size() && json[colon] == ':')
            return {which, skip_spaces(json, colon + 1)};
    }
    return {};
}

KeySet::Found KeySet::next(std::string_view json, std::size_t from) const noexcept {
    auto at = from;
#if defined(__SSE2__)
    const auto quotes = _mm_set1_epi8('"');
    for (; at + 16 <= json.size(); at += 16) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(json.data() + at));
        auto found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quotes));
        for (auto mask = static_cast<unsigned>(found); mask != 0; mask &= mask - 1)
            if (auto key = at_quote(json, at + static_cast<std::size_t>(__builtin_ctz(mask))))
                return key;
    }
#endif
    for (; at < json.size(); ++at)
        if (json[at] == '"')
            if (auto key = at_quote(json, at))
                return key;
    return {};
}

}  // namespace obliv::llm
