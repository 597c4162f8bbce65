#include "core/tokenizer/byte_level.hpp"

#include "core/tokenizer/char_class.hpp"

#include <array>

namespace obliv::tokenizer {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
}

// The others, in their order, are written as U+0100, U+0101 ...
constexpr auto others = [] {
    std::array<unsigned char, 68> table{};
    std::size_t at = 0;
    for (unsigned byte = 0; byte < 256; ++byte)
        if (!stands_for_itself(byte))
            table[at++] = static_cast<unsigned char>(byte);
    return table;
}();

}  // namespace

std::optional<std::string> bytes_of_byte_level(std::string_view text) {
    std::string bytes;
    const auto* end = text.data() + text.size();
    for (const auto* at = text.data(); at != end;) {
        auto next = char_at(at, end);
        auto point = code_point(at, next);
        if (point < 256 && stands_for_itself(point))
            bytes += static_cast<char>(point);
        else if (point >= 256 && point < 256 + others.size())
            bytes += static_cast<char>(others[point - 256]);
        else
            return std::nullopt;
        at += next.bytes;
    }
    return bytes;
}

}  // namespace obliv::tokenizer
