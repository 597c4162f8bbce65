#include "core/ledger/redeem_text.hpp"

#include "core/base/random.hpp"

#include <array>

namespace obliv::ledger {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t length = 20;
constexpr std::size_t group = 5;
constexpr std::size_t typed_max = 64;

char plain(char c) noexcept {
    if (c >= 'a' && c <= 'z')
        c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O')
        return '0';
    return c == 'I' || c == 'L' ? '1' : c;
}

}  // namespace

Secret new_redeem_code() {
    std::array<std::uint8_t, length> bytes{};
    random_bytes(bytes);
    std::string code;
    for (std::size_t i = 0; i < length; ++i) {
        if (i > 0 && i % group == 0)
            code += '-';
        code += alphabet[bytes[i] & 31];
    }
    return Secret(std::move(code));
}

std::optional<std::string> plain_redeem_code(std::string_view typed) {
    std::string out;
    if (typed.size() > typed_max)
        return std::nullopt;
    for (char c : typed) {
        if (c == '-' || c == ' ')
            continue;
        out += plain(c);
        if (alphabet.find(out.back()) == std::string_view::npos)
            return std::nullopt;
    }
    if (out.size() != length)
        return std::nullopt;
    return out;
}

}  // namespace obliv::ledger
