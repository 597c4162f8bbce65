#include "core/base/digest.hpp"

#include "core/base/check.hpp"

#include <cstring>
#include <memory>
#include <openssl/evp.h>

namespace obliv {

Sha256 sha256(std::string_view bytes) noexcept {
    // The algorithm is fetched once and a context kept for each thread: OpenSSL 3 spends
    // microseconds on looking the one up by name and on making the other.
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Sha256 digest{};
    bool done = EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    check(done, "SHA-256 cannot fail");
    return digest;
}

std::size_t Sha256Hash::operator()(const Sha256& digest) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
}

namespace {

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? (value >> 1) ^ 0x82F63B78U : value >> 1;
        table[i] = value;
    }
    return table;
}();

std::uint32_t crc32c_table(std::string_view bytes, std::uint32_t crc) noexcept {
    for (char c : bytes)
        crc = crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(std::string_view bytes,
                                                                std::uint32_t crc) noexcept {
    std::uint64_t wide = crc;
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    return crc32c_table({at, left}, static_cast<std::uint32_t>(wide));
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) noexcept {
#if defined(__x86_64__)
    static const bool fast = __builtin_cpu_supports("sse4.2");
    if (fast)
        return ~crc32c_hardware(bytes, ~seed);
#endif
    return ~crc32c_table(bytes, ~seed);
}

}  // namespace obliv
