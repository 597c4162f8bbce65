#include "core/base/random.hpp"

#include "core/base/check.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <sys/random.h>

namespace obliv {

void random_bytes(std::span<std::uint8_t> out) noexcept {
    while (!out.empty()) {
        auto got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        check(got > 0, "the kernel has random bytes");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

Secret new_api_key() {
    constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr std::size_t length = 48;
    std::string key = "sk-";
    std::array<std::uint8_t, 64> bytes{};
    while (key.size() < 3 + length) {
        random_bytes(bytes);
        for (auto byte : bytes)
            // 248 is the largest multiple of 62 below 256: values above it would favour some
            // letters.
            if (byte < 248 && key.size() < 3 + length)
                key += alphabet[byte % 62];
    }
    return Secret(std::move(key));
}

std::string new_sortable_id(WallTime now) {
    constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    auto millis = static_cast<std::uint64_t>(unix_nanos(now) / 1'000'000);
    std::string id(26, '0');
    for (std::size_t i = 10; i-- > 0; millis >>= 5)
        id[i] = alphabet[millis & 31];
    std::array<std::uint8_t, 16> bytes{};
    random_bytes(bytes);
    for (std::size_t i = 0; i < 16; ++i)
        id[10 + i] = alphabet[bytes[i] & 31];
    return id;
}

std::uint64_t Random::next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
    check(bound > 0, "a choice has at least one option");
    // The high half of a 128-bit product: bias is below bound / 2^64.
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
}

double Random::unit() noexcept {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

}  // namespace obliv
