#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace obliv {

std::string to_hex(std::span<const std::uint8_t> bytes);
Result<std::string> from_hex(std::string_view text);

/// Base64 with padding (RFC 4648 §4).
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

inline std::string_view as_chars(std::span<const std::uint8_t> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::uint8_t> as_bytes(std::string_view chars) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(chars.data()), chars.size()};
}

}  // namespace obliv
