#include "core/base/digest.hpp"

#include "core/base/check.hpp"
#include "core/base/encoding.hpp"

#include <cstring>
#include <limits>
#include <memory>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace obliv {

Sha256 sha256(std::string_view bytes) noexcept {
    return sha256(std::span<const std::string_view>(&bytes, 1));
}

Sha256 sha256(std::span<const std::string_view> pieces) noexcept {
    // The algorithm is fetched once and a context kept for each thread: OpenSSL 3 spends
    // microseconds on looking the one up by name and on making the other.
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Sha256 digest{};
    bool done = EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1;
    for (auto piece : pieces)
        done = done && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
    done = done && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    check(done, "SHA-256 cannot fail");
    return digest;
}

std::array<std::uint8_t, 20> sha1(std::string_view bytes) noexcept {
    std::array<std::uint8_t, 20> digest{};
    bool done =
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1;
    check(done, "SHA-1 cannot fail");
    return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) noexcept {
    Sha256 mac{};
    check(key.size() <= std::numeric_limits<int>::max(), "an HMAC key is a few bytes long");
    unsigned size = 0;
    const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                            as_bytes(bytes).data(), bytes.size(), mac.data(), &size);
    check(done != nullptr && size == mac.size(), "HMAC-SHA-256 cannot fail");
    return mac;
}

std::size_t Sha256Hash::operator()(const Sha256& digest) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
}

namespace {

using CrcTable = std::array<std::uint32_t, 256>;

/// Of the polynomial whose bits are `reversed`.
constexpr CrcTable make_crc_table(std::uint32_t reversed) {
    CrcTable table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? (value >> 1) ^ reversed : value >> 1;
        table[i] = value;
    }
    return table;
}

constexpr CrcTable crc32c_steps = make_crc_table(0x82F63B78U);
constexpr CrcTable crc32_steps = make_crc_table(0xEDB88320U);

std::uint32_t crc_by(const CrcTable& steps, std::string_view bytes, std::uint32_t crc) noexcept {
    for (char c : bytes)
        crc = steps[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(std::string_view bytes,
                                                                std::uint32_t crc) noexcept {
    std::uint64_t wide = crc;
    const char* at = bytes.data();
    std::size_t left = bytes.size();
#pragma GCC unroll 8
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    return crc_by(crc32c_steps, {at, left}, static_cast<std::uint32_t>(wide));
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) noexcept {
#if defined(__x86_64__)
    static const bool fast = __builtin_cpu_supports("sse4.2");
    if (fast)
        return ~crc32c_hardware(bytes, ~seed);
#endif
    return ~crc_by(crc32c_steps, bytes, ~seed);
}

std::uint32_t crc32(std::string_view bytes, std::uint32_t seed) noexcept {
    return ~crc_by(crc32_steps, bytes, ~seed);
}

}  // namespace obliv
