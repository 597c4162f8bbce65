#include "core/tokenizer/nfc.hpp"

#include "core/tokenizer/char_class.hpp"
#include "core/tokenizer/nfc_compositions.hpp"
#include "core/tokenizer/nfc_decompositions.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace obliv::tokenizer {
namespace {

using Points = std::vector<char32_t>;

// A byte that is no UTF-8 travels as a code point that Unicode does not have.
constexpr char32_t stray = 0x110000;

constexpr char32_t hangul = 0xAC00;
constexpr char32_t leads = 0x1100;
constexpr char32_t vowels = 0x1161;
constexpr char32_t tails = 0x11A7;  // the first stands for none
constexpr char32_t lead_count = 19;
constexpr char32_t vowel_count = 21;
constexpr char32_t tail_count = 28;
constexpr char32_t hangul_count = lead_count * vowel_count * tail_count;

std::uint8_t combining_class(char32_t point) noexcept {
    const auto* found = std::upper_bound(
        std::begin(unicode::combining_classes), std::end(unicode::combining_classes), point,
        [](char32_t value, const unicode::CombiningClass& row) { return value < row.from; });
    if (found == std::begin(unicode::combining_classes) || point > std::prev(found)->to)
        return 0;
    return std::prev(found)->value;
}

void decompose(char32_t point, Points& out) {
    if (point >= hangul && point < hangul + hangul_count) {
        auto index = point - hangul;
        out.push_back(leads + index / (vowel_count * tail_count));
        out.push_back(vowels + index / tail_count % vowel_count);
        if (index % tail_count != 0)
            out.push_back(tails + index % tail_count);
        return;
    }
    const auto* found = std::lower_bound(
        std::begin(unicode::decompositions), std::end(unicode::decompositions), point,
        [](const unicode::Decomposition& row, char32_t value) { return row.whole < value; });
    if (found == std::end(unicode::decompositions) || found->whole != point) {
        out.push_back(point);
        return;
    }
    decompose(found->first, out);  // at most four deep
    if (found->second != 0)
        decompose(found->second, out);
}

Points decomposed(std::string_view text) {
    Points out;
    const auto* end = text.data() + text.size();
    for (const auto* at = text.data(); at != end;) {
        auto next = char_at(at, end);
        auto byte = static_cast<unsigned char>(*at);
        if (next.bytes == 1 && byte >= 0x80)
            out.push_back(stray + byte);
        else
            decompose(code_point(at, next), out);
        at += next.bytes;
    }
    return out;
}

// Marks between two starters, by their classes.
void reorder(Points& points) {
    auto is_starter = [](char32_t point) { return combining_class(point) == 0; };
    for (auto at = points.begin(); at != points.end();) {
        auto begin = std::find_if_not(at, points.end(), is_starter);
        at = std::find_if(begin, points.end(), is_starter);
        std::stable_sort(begin, at, [](char32_t a, char32_t b) {
            return combining_class(a) < combining_class(b);
        });
    }
}

// A syllable of two or three parts; 0: they make none.
char32_t composed_hangul(char32_t first, char32_t second) noexcept {
    // Below its range, a difference wraps around to a large number.
    if (first - leads < lead_count && second - vowels < vowel_count)
        return hangul + ((first - leads) * vowel_count + (second - vowels)) * tail_count;
    bool open = first - hangul < hangul_count && (first - hangul) % tail_count == 0;
    return open && second - tails - 1 < tail_count - 1 ? first + (second - tails) : 0;
}

// 0: they do not become one.
char32_t composed(char32_t first, char32_t second) noexcept {
    if (auto syllable = composed_hangul(first, second); syllable != 0)
        return syllable;
    const auto* found = std::lower_bound(std::begin(unicode::compositions),
                                         std::end(unicode::compositions), std::pair(first, second),
                                         [](const unicode::Composition& row, const auto& value) {
                                             return std::pair(row.first, row.second) < value;
                                         });
    bool same = found != std::end(unicode::compositions) && found->first == first &&
                found->second == second;
    return same ? found->whole : 0;
}

// Each character joins the last starter unless one of its class or above stands between.
Points compose(const Points& points) {
    Points out;
    std::size_t starter = 0;
    bool has_starter = false;
    int last_class = -1;  // of what stands behind the starter; -1: nothing does
    for (auto point : points) {
        int cls = combining_class(point);
        auto whole = has_starter && last_class < cls ? composed(out[starter], point) : 0;
        if (whole != 0) {
            out[starter] = whole;
            continue;
        }
        if (cls == 0) {
            starter = out.size();
            has_starter = true;
        }
        last_class = cls == 0 ? -1 : cls;
        out.push_back(point);
    }
    return out;
}

void append(char32_t point, std::string& out) {
    auto tail = [&out, point](unsigned shift) {
        out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
    };
    if (point >= stray) {
        out += static_cast<char>(point - stray);
    } else if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0U | (point >> 6U));
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0U | (point >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0U | (point >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace

bool surely_nfc(std::string_view text) noexcept {
    // 0xCC begins U+0300, the first mark.
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) >= 0xCC; });
}

std::string nfc(std::string_view text) {
    if (surely_nfc(text))
        return std::string(text);
    auto points = decomposed(text);
    reorder(points);
    std::string out;
    for (auto point : compose(points))
        append(point, out);
    return out;
}

}  // namespace obliv::tokenizer
