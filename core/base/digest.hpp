#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace obliv {

using Sha256 = std::array<std::uint8_t, 32>;

/// SHA-256 of `bytes`. About 0.3 µs for a token; safe from any thread.
Sha256 sha256(std::string_view bytes) noexcept;
/// The same of what lies in several pieces.
Sha256 sha256(std::span<const std::string_view> pieces) noexcept;

/// For hash tables keyed by a digest: any eight of its bytes are uniform already.
struct Sha256Hash {
    std::size_t operator()(const Sha256& digest) const noexcept;
};

/// SHA-1 of `bytes`, which protects nothing: WebSocket handshakes are made with it.
std::array<std::uint8_t, 20> sha1(std::string_view bytes) noexcept;

/// HMAC-SHA-256 (RFC 2104): how providers' request signatures are made.
Sha256 hmac_sha256(std::string_view key, std::string_view bytes) noexcept;

/// CRC-32 as in zip files and in AWS event streams. May be continued through `seed`.
std::uint32_t crc32(std::string_view bytes, std::uint32_t seed = 0) noexcept;

/// CRC-32C (Castagnoli) of `bytes`: detects torn records, proves nothing against an adversary.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0) noexcept;

}  // namespace obliv
