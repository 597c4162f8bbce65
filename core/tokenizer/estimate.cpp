#include "core/tokenizer/estimate.hpp"

#include "core/tokenizer/char_class.hpp"

#include <cstdint>

namespace obliv::tokenizer {
namespace {

/// What is weighed alike.
enum class Kind : std::uint8_t {
    none,
    letter,    ///< a to z
    accented,  ///< Latin beyond ASCII
    cased,     ///< Greek, Cyrillic ...
    caseless,  ///< Chinese, Japanese, Korean, Arabic, Thai ..., and marks
    digit,
    blank,
    newline,
    symbol,
    sign,  ///< a symbol beyond ASCII
};

// In thousandths of a token: the result of the fit.
constexpr std::int64_t word = 798;
constexpr std::int64_t letter_beyond_four = 239;
constexpr std::int64_t digit_group = 1401;
constexpr std::int64_t wide_blank = 1638;
constexpr std::int64_t newline_run = 317;
constexpr std::int64_t symbol_run = 563;
constexpr std::int64_t further_symbol = 181;
constexpr std::int64_t accented_letter = 165;
constexpr std::int64_t cased_word = 1385;
constexpr std::int64_t cased_letter = 99;
constexpr std::int64_t caseless_letter = 788;

// Latin ends with Extended-B, and has Extended Additional for Vietnamese.
bool latin(char32_t point) noexcept {
    return point < 0x370 || (point >= 0x1E00 && point < 0x1F00);
}

Kind kind_of(const char* at, Char next) noexcept {
    bool ascii = next.bytes == 1 && static_cast<unsigned char>(*at) < 0x80;
    if ((next.cls & (char_upper | char_lower)) != 0)
        return ascii ? Kind::letter : latin(code_point(at, next)) ? Kind::accented : Kind::cased;
    if ((next.cls & (char_caseless | char_mark)) != 0)
        return Kind::caseless;
    if (next.cls == char_number)
        return Kind::digit;
    if ((next.cls & char_white) != 0)
        return next.cls == char_newline ? Kind::newline : Kind::blank;
    return ascii ? Kind::symbol : Kind::sign;
}

std::int64_t weight_of(Kind kind, std::int64_t run) noexcept {
    switch (kind) {
    case Kind::letter:
        return word + (run > 4 ? run - 4 : 0) * letter_beyond_four;
    case Kind::accented:
        return run * accented_letter;
    case Kind::cased:
        return cased_word + run * cased_letter;
    case Kind::caseless:
        return run * caseless_letter;
    case Kind::digit:
        return (run + 2) / 3 * digit_group;
    case Kind::blank:
        return run > 1 ? wide_blank : 0;
    case Kind::newline:
        return newline_run;
    case Kind::symbol:
        return symbol_run + (run - 1) * further_symbol;
    case Kind::sign:
        return run * symbol_run;
    case Kind::none:
        break;
    }
    return 0;
}

}  // namespace

std::size_t estimate(std::string_view text, int percent) noexcept {
    std::int64_t sum = 0;
    std::int64_t run = 0;
    auto kind = Kind::none;
    const auto* end = text.data() + text.size();
    for (const auto* at = text.data(); at != end;) {
        auto next = char_at(at, end);
        auto now = kind_of(at, next);
        if (now != kind) {
            sum += weight_of(kind, run);
            run = 0;
            kind = now;
        }
        ++run;
        at += next.bytes;
    }
    sum += weight_of(kind, run);
    auto tokens = (sum * percent + 99'999) / 100'000;
    return static_cast<std::size_t>(tokens);
}

}  // namespace obliv::tokenizer
