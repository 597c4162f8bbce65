#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace obliv::tokenizer {

/// The hash of a token's bytes in a packed vocabulary: part of the file's format.
inline std::uint64_t byte_hash(std::string_view bytes) noexcept {
    auto load8 = [](const char* p) {
        std::uint64_t value = 0;
        std::memcpy(&value, p, sizeof value);
        return value;
    };
    auto load4 = [](const char* p) {
        std::uint32_t value = 0;
        std::memcpy(&value, p, sizeof value);
        return std::uint64_t{value};
    };
    auto mix = [](std::uint64_t a, std::uint64_t b) {
        auto product = static_cast<unsigned __int128>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
    };
    constexpr std::uint64_t odd_a = 0x9E3779B97F4A7C15U;
    constexpr std::uint64_t odd_b = 0xD1B54A32D192ED03U;

    auto size = bytes.size();
    const auto* p = bytes.data();
    std::uint64_t state = size * odd_a;
    for (; size > 16; size -= 8, p += 8)
        state = mix(state ^ load8(p), odd_b);
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    if (size >= 8) {
        head = load8(p);
        tail = load8(p + size - 8);
    } else if (size >= 4) {
        head = load4(p);
        tail = load4(p + size - 4);
    } else if (size > 0) {
        auto byte = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
        head = byte(0) | byte(size / 2) << 8U | byte(size - 1) << 16U;
    }
    return mix(state ^ head ^ odd_b, tail ^ odd_a);
}

}  // namespace obliv::tokenizer
