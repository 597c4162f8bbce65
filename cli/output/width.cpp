#include "cli/output/width.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace obliv::cli {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// clang-format off
// Marks that combine, and what is invisible between letters (Unicode 15: categories Mn, Me, Cf).
constexpr std::array zero_width{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x05BF, 0x05BF},
    Range{0x05C1, 0x05C2}, Range{0x05C4, 0x05C5}, Range{0x0610, 0x061A}, Range{0x064B, 0x065F},
    Range{0x0670, 0x0670}, Range{0x06D6, 0x06DC}, Range{0x06DF, 0x06E4}, Range{0x06E7, 0x06E8},
    Range{0x06EA, 0x06ED}, Range{0x0711, 0x0711}, Range{0x0730, 0x074A}, Range{0x07A6, 0x07B0},
    Range{0x0816, 0x082D}, Range{0x08D3, 0x0902}, Range{0x093A, 0x093A}, Range{0x093C, 0x093C},
    Range{0x0941, 0x0948}, Range{0x094D, 0x094D}, Range{0x0951, 0x0957}, Range{0x0962, 0x0963},
    Range{0x0981, 0x0981}, Range{0x09BC, 0x09BC}, Range{0x09C1, 0x09C4}, Range{0x09CD, 0x09CD},
    Range{0x0A01, 0x0A02}, Range{0x0A3C, 0x0A51}, Range{0x0A70, 0x0A71}, Range{0x0ABC, 0x0ABC},
    Range{0x0AC1, 0x0AC8}, Range{0x0ACD, 0x0ACD}, Range{0x0B3C, 0x0B3C}, Range{0x0BC0, 0x0BC0},
    Range{0x0BCD, 0x0BCD}, Range{0x0C3E, 0x0C40}, Range{0x0C46, 0x0C56}, Range{0x0CBC, 0x0CBC},
    Range{0x0CCC, 0x0CCD}, Range{0x0D41, 0x0D44}, Range{0x0D4D, 0x0D4D}, Range{0x0DCA, 0x0DCA},
    Range{0x0DD2, 0x0DD6}, Range{0x0E31, 0x0E31}, Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E},
    Range{0x0EB1, 0x0EB1}, Range{0x0EB4, 0x0EBC}, Range{0x0EC8, 0x0ECD}, Range{0x0F18, 0x0F19},
    Range{0x0F35, 0x0F35}, Range{0x0F37, 0x0F37}, Range{0x0F39, 0x0F39}, Range{0x0F71, 0x0F7E},
    Range{0x0F80, 0x0F84}, Range{0x0F86, 0x0FBC}, Range{0x102D, 0x1037}, Range{0x1039, 0x103A},
    Range{0x1160, 0x11FF}, Range{0x135D, 0x135F}, Range{0x17B4, 0x17B5}, Range{0x17B7, 0x17D3},
    Range{0x180B, 0x180F}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200F},
    Range{0x202A, 0x202E}, Range{0x2060, 0x206F}, Range{0x20D0, 0x20F0}, Range{0x2DE0, 0x2DFF},
    Range{0x302A, 0x302D}, Range{0x3099, 0x309A}, Range{0xA66F, 0xA67D}, Range{0xA8E0, 0xA8F1},
    Range{0xD7B0, 0xD7FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}, Range{0xFEFF, 0xFEFF},
    Range{0x1D167, 0x1D169}, Range{0x1F3FB, 0x1F3FF}, Range{0xE0001, 0xE01EF},
};
// East Asian Width W and F, and the characters that are emoji by default.
constexpr std::array double_width{
    Range{0x1100, 0x115F}, Range{0x231A, 0x231B}, Range{0x2329, 0x232A}, Range{0x23E9, 0x23EC},
    Range{0x23F0, 0x23F0}, Range{0x23F3, 0x23F3}, Range{0x25FD, 0x25FE}, Range{0x2614, 0x2615},
    Range{0x2648, 0x2653}, Range{0x267F, 0x267F}, Range{0x2693, 0x2693}, Range{0x26A1, 0x26A1},
    Range{0x26AA, 0x26AB}, Range{0x26BD, 0x26BE}, Range{0x26C4, 0x26C5}, Range{0x26CE, 0x26CE},
    Range{0x26D4, 0x26D4}, Range{0x26EA, 0x26EA}, Range{0x26F2, 0x26F3}, Range{0x26F5, 0x26F5},
    Range{0x26FA, 0x26FA}, Range{0x26FD, 0x26FD}, Range{0x2705, 0x2705}, Range{0x270A, 0x270B},
    Range{0x2728, 0x2728}, Range{0x274C, 0x274C}, Range{0x274E, 0x274E}, Range{0x2753, 0x2755},
    Range{0x2757, 0x2757}, Range{0x2795, 0x2797}, Range{0x27B0, 0x27B0}, Range{0x27BF, 0x27BF},
    Range{0x2B1B, 0x2B1C}, Range{0x2B50, 0x2B50}, Range{0x2B55, 0x2B55}, Range{0x2E80, 0x303E},
    Range{0x3041, 0x33FF}, Range{0x3400, 0x4DBF}, Range{0x4E00, 0xA4CF}, Range{0xA960, 0xA97C},
    Range{0xAC00, 0xD7A3}, Range{0xF900, 0xFAFF}, Range{0xFE10, 0xFE19}, Range{0xFE30, 0xFE6B},
    Range{0xFF01, 0xFF60}, Range{0xFFE0, 0xFFE6}, Range{0x16FE0, 0x18CFF}, Range{0x1AFF0, 0x1B2FB},
    Range{0x1F004, 0x1F004}, Range{0x1F0CF, 0x1F0CF}, Range{0x1F18E, 0x1F18E},
    Range{0x1F191, 0x1F19A}, Range{0x1F1E6, 0x1F1FF}, Range{0x1F200, 0x1F320},
    Range{0x1F32D, 0x1F335}, Range{0x1F337, 0x1F37C}, Range{0x1F37E, 0x1F393},
    Range{0x1F3A0, 0x1F3CA}, Range{0x1F3CF, 0x1F3D3}, Range{0x1F3E0, 0x1F3F0},
    Range{0x1F3F4, 0x1F3F4}, Range{0x1F3F8, 0x1F43E}, Range{0x1F440, 0x1F440},
    Range{0x1F442, 0x1F4FC}, Range{0x1F4FF, 0x1F53D}, Range{0x1F54B, 0x1F567},
    Range{0x1F57A, 0x1F57A}, Range{0x1F595, 0x1F596}, Range{0x1F5A4, 0x1F5A4},
    Range{0x1F5FB, 0x1F64F}, Range{0x1F680, 0x1F6C5}, Range{0x1F6CC, 0x1F6CC},
    Range{0x1F6D0, 0x1F6D7}, Range{0x1F6DC, 0x1F6DF}, Range{0x1F6EB, 0x1F6FC},
    Range{0x1F7E0, 0x1F7F0}, Range{0x1F90C, 0x1F9FF}, Range{0x1FA70, 0x1FAFF},
    Range{0x20000, 0x3FFFD},
};
// clang-format on

bool inside(std::span<const Range> ranges, char32_t c) noexcept {
    auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                  [](char32_t value, Range range) { return value < range.first; });
    return after != ranges.begin() && c <= std::prev(after)->last;
}

constexpr char32_t joiner = 0x200D;

/// Whether `c` stays with the character before it.
bool extends(char32_t c) noexcept {
    return c == joiner || inside(zero_width, c);
}

/// How many bytes a character has that begins with `lead`; 0 when none does.
std::size_t promised_length(unsigned char lead) noexcept {
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    if (lead < 0xE0)
        return 2;
    return lead < 0xF0 ? 3 : 4;
}

}  // namespace

int char_width(char32_t c) noexcept {
    if (c < 0x300)
        return 1;
    if (inside(zero_width, c))
        return 0;
    return inside(double_width, c) ? 2 : 1;
}

char32_t take_char(std::string_view& text) noexcept {
    constexpr char32_t broken = 0xFFFD;
    auto lead = static_cast<unsigned char>(text.front());
    auto length = promised_length(lead);
    if (length == 0 || length > text.size()) {
        text.remove_prefix(1);
        return broken;
    }
    char32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) {
            text.remove_prefix(1);
            return broken;
        }
        value = value << 6 | (next & 0x3Fu);
    }
    text.remove_prefix(length);
    return value;
}

std::size_t text_width(std::string_view text) noexcept {
    std::size_t width = 0;
    bool joined = false;
    while (!text.empty()) {
        auto c = take_char(text);
        // What follows a joiner is drawn inside the emoji before it.
        if (!joined)
            width += static_cast<std::size_t>(char_width(c));
        joined = c == joiner;
    }
    return width;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
    if (text_width(text) <= columns)
        return std::string(text);
    if (columns == 0)
        return {};
    std::size_t end = 0;
    while (end < text.size()) {
        auto next = boundary_after(text, end);
        if (text_width(text.substr(0, next)) > columns - 1)
            break;
        end = next;
    }
    return std::string(text.substr(0, end)) + "…";
}

std::size_t boundary_after(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size())
        return text.size();
    auto rest = text.substr(at);
    auto previous = take_char(rest);
    while (!rest.empty()) {
        auto ahead = rest;
        auto c = take_char(ahead);
        if (!extends(c) && previous != joiner)
            break;
        previous = c;
        rest = ahead;
    }
    return text.size() - rest.size();
}

std::size_t boundary_before(std::string_view text, std::size_t at) noexcept {
    // Boundaries are found forwards: a joined emoji shows only from its beginning that it is one.
    // A line feed is always one, so the search starts there.
    if (at == 0)
        return 0;
    auto start = text.substr(0, at - 1).rfind('\n');
    std::size_t boundary = start == std::string_view::npos ? 0 : start;
    while (true) {
        auto next = boundary_after(text, boundary);
        if (next >= at)
            return boundary;
        boundary = next;
    }
}

}  // namespace obliv::cli
