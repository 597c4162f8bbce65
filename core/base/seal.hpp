#pragma once

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace obliv {

/// The 256-bit key under which secrets lie in the store.
using MasterKey = std::array<std::uint8_t, 32>;

/// Encrypts with AES-256-GCM under a fresh random nonce: nonce (12 bytes), text, tag (16 bytes).
/// `purpose` is authenticated with it, so that a sealed value cannot be moved to another place.
std::string seal(const MasterKey& key, std::string_view purpose, const Secret& secret);

/// Undoes seal. A wrong key, another purpose or a changed byte is `Code::corrupt`.
Result<Secret> open_sealed(const MasterKey& key, std::string_view purpose, std::string_view sealed);

/// First 8 bytes of the SHA-256 of the key in hexadecimal: names a key without telling it.
std::string key_fingerprint(const MasterKey& key);

}  // namespace obliv
