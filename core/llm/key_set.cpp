#include "core/llm/key_set.hpp"

#include "core/llm/json_scan.hpp"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::llm {

/// Which of the `names` stands in the quotes that open at `quote`, if it is a key.
KeySet::Found KeySet::match(std::string_view json, std::size_t quote,
                            unsigned names) const noexcept {
    const char* text = json.data() + quote + 1;
    auto left = json.size() - quote - 1;
    for (; names != 0; names &= names - 1) {
        auto which = static_cast<std::size_t>(__builtin_ctz(names));
        auto name = names_[which];
        if (name.size() >= left || text[name.size()] != '"' ||
            std::memcmp(text, name.data(), name.size()) != 0)
            continue;
        auto colon = skip_spaces(json, quote + name.size() + 2);
        if (colon < json.size() && json[colon] == ':')
            return {which, skip_spaces(json, colon + 1)};
    }
    return {};
}

KeySet::Found KeySet::next(std::string_view json, std::size_t from) const noexcept {
    auto at = from;
#if defined(__SSE2__)
    const auto quotes = _mm_set1_epi8('"');
    for (; at + 17 <= json.size(); at += 16) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(json.data() + at));
        auto found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quotes));
        for (auto mask = static_cast<unsigned>(found); mask != 0; mask &= mask - 1) {
            auto quote = at + static_cast<std::size_t>(__builtin_ctz(mask));
            if (auto names = begin_like(json[quote + 1]); names != 0)
                if (auto key = match(json, quote, names))
                    return key;
        }
    }
#endif
    for (; at + 1 < json.size(); ++at)
        if (json[at] == '"')
            if (auto key = match(json, at, begin_like(json[at + 1])))
                return key;
    return {};
}

}  // namespace obliv::llm
