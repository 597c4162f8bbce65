#include "core/llm/key_set.hpp"

#include "core/llm/json_scan.hpp"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::llm {
namespace {

#if defined(__SSE2__)
constexpr std::size_t step = 16;

/// Which of the sixteen places at `text` hold a quote that a colon or white space follows: the ends
/// of keys, and hardly any other quote. Reads seventeen bytes.
unsigned ends_of_keys(const char* text) noexcept {
    auto load = [](const char* at) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    };
    const auto space = _mm_set1_epi8(' ');
    auto behind = load(text + 1);
    auto ends = _mm_or_si128(_mm_cmpeq_epi8(behind, _mm_set1_epi8(':')),
                             _mm_cmpeq_epi8(_mm_min_epu8(behind, space), behind));
    auto quotes = _mm_cmpeq_epi8(load(text), _mm_set1_epi8('"'));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(quotes, ends)));
}
#endif

}  // namespace

/// Which of the `names` ends with the quote at `quote`, if it is a key that begins at or after
/// `from`.
KeySet::Found KeySet::match(std::string_view json, std::size_t from, std::size_t quote,
                            unsigned names) const noexcept {
    auto room = quote - from;  // for the other quote and the name
    for (; names != 0; names &= names - 1) {
        auto which = static_cast<std::size_t>(__builtin_ctz(names));
        auto name = names_[which];
        auto begin = quote - name.size() - 1;
        if (name.size() >= room || json[begin] != '"' ||
            std::memcmp(json.data() + begin + 1, name.data(), name.size()) != 0)
            continue;
        auto value = value_behind(json, quote + 1);
        if (value != std::string_view::npos)
            return {which, begin, value};
    }
    return {};
}

KeySet::Found KeySet::next(std::string_view json, std::size_t from) const noexcept {
    auto at = from;
#if defined(__SSE2__)
    for (; at + step < json.size(); at += step)
        for (auto ends = ends_of_keys(json.data() + at); ends != 0; ends &= ends - 1) {
            auto quote = at + static_cast<std::size_t>(__builtin_ctz(ends));
            if (auto names = ending_like(json, quote); names != 0)
                if (auto key = match(json, from, quote, names))
                    return key;
        }
#endif
    for (; at + 1 < json.size(); ++at)
        if (json[at] == '"')
            if (auto key = match(json, from, at, ending_like(json, at)))
                return key;
    return {};
}

KeySet::Found KeySet::last(std::string_view json, std::size_t before) const noexcept {
    // Behind the last place where a key may end: a colon follows it.
    auto at = std::min(before, std::max<std::size_t>(json.size(), 1) - 1);
#if defined(__SSE2__)
    for (; at >= step; at -= step)
        for (auto ends = ends_of_keys(json.data() + at - step); ends != 0;) {
            auto place = 31 - static_cast<std::size_t>(__builtin_clz(ends));
            auto quote = at - step + place;
            if (auto names = ending_like(json, quote); names != 0)
                if (auto key = match(json, 0, quote, names))
                    return key;
            ends ^= 1U << place;
        }
#endif
    for (; at > 0; --at)
        if (json[at - 1] == '"')
            if (auto key = match(json, 0, at - 1, ending_like(json, at - 1)))
                return key;
    return {};
}

}  // namespace obliv::llm
