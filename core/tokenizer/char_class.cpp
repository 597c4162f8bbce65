#include "core/tokenizer/char_class.hpp"

#include "core/tokenizer/unicode_classes.hpp"

#include <array>
#include <cstddef>

namespace obliv::tokenizer {
namespace {

using unicode::blocks;
using unicode::runs;

constexpr std::size_t block_points = 256;
constexpr std::size_t block_count = 0x110000 / block_points;

constexpr std::array<std::uint8_t, block_count> block_of = [] {
    std::array<std::uint8_t, block_count> table{};
    std::size_t at = 0;
    for (auto run : runs)
        for (int i = 0; i < run.blocks; ++i)
            table[at++] = run.block;
    return table;
}();

CharClass class_of(char32_t point) noexcept {
    auto digit = blocks[block_of[point / block_points]][point % block_points];
    return static_cast<CharClass>(1U << static_cast<unsigned>(digit - '0'));
}

struct Lead {
    std::uint8_t bytes;        // of the character; 0: begins none
    unsigned char second_min;  // what the second byte may be: no overlong forms, no surrogates
    unsigned char second_max;
};

Lead lead_of(unsigned char byte) noexcept {
    switch (byte) {
    case 0xE0:
        return {3, 0xA0, 0xBF};
    case 0xED:
        return {3, 0x80, 0x9F};
    case 0xF0:
        return {4, 0x90, 0xBF};
    case 0xF4:
        return {4, 0x80, 0x8F};
    default:
        break;
    }
    if (byte < 0xC2 || byte > 0xF4)
        return {0, 0, 0};
    return {static_cast<std::uint8_t>(byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4), 0x80, 0xBF};
}

constexpr Char invalid{char_symbol, 1, false};

}  // namespace

char32_t code_point(const char* at, Char character) noexcept {
    auto byte = [at](int i) { return static_cast<char32_t>(static_cast<unsigned char>(at[i])); };
    auto tail = [&byte](int i) { return byte(i) & 0x3FU; };
    switch (character.bytes) {
    case 2:
        return (byte(0) & 0x1FU) << 6U | tail(1);
    case 3:
        return (byte(0) & 0x0FU) << 12U | tail(1) << 6U | tail(2);
    case 4:
        return (byte(0) & 0x07U) << 18U | tail(1) << 12U | tail(2) << 6U | tail(3);
    default:
        return byte(0) < 0x80 ? byte(0) : U'\uFFFD';
    }
}

Char char_at(const char* at, const char* end) noexcept {
    auto first = static_cast<unsigned char>(*at);
    if (first < 0x80)
        return {class_of(first), 1, false};
    auto lead = lead_of(first);
    if (lead.bytes == 0)
        return invalid;
    for (std::ptrdiff_t i = 1; i < lead.bytes; ++i) {
        if (at + i == end)
            return {char_symbol, 1, true};
        auto byte = static_cast<unsigned char>(at[i]);
        if (byte < (i == 1 ? lead.second_min : 0x80) || byte > (i == 1 ? lead.second_max : 0xBF))
            return invalid;
    }
    Char whole{0, lead.bytes, false};
    whole.cls = class_of(code_point(at, whole));
    return whole;
}

}  // namespace obliv::tokenizer
