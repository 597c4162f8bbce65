#include "core/base/encoding.hpp"

#include <openssl/evp.h>

namespace obliv {
namespace {

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (auto byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

Result<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return fail(Code::invalid_request, "expected an even number of hexadecimal digits");
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        int high = hex_value(text[i]);
        int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return fail(Code::invalid_request, "expected hexadecimal digits");
        out += static_cast<char>(high << 4 | low);
    }
    return out;
}

std::string to_base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                  as_bytes(bytes).data(), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

Result<std::string> from_base64(std::string_view text) {
    auto bad = [] { return fail(Code::invalid_request, "expected base64 text"); };
    if (text.size() % 4 != 0)
        return bad();
    std::size_t padding = text.ends_with("==") ? 2 : (text.ends_with("=") ? 1 : 0);
    std::string out(text.size() / 4 * 3, '\0');
    auto length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                  as_bytes(text).data(), static_cast<int>(text.size()));
    if (length < 0)
        return bad();
    out.resize(static_cast<std::size_t>(length) - padding);
    // EVP_DecodeBlock forgives spaces, takes padding anywhere and counts it as zero bytes, and
    // drops spare bits: what does not encode to the same text was not an encoding.
    if (to_base64(out) != text)
        return bad();
    return out;
}

}  // namespace obliv
