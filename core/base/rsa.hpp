#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv {

/// The signature of `bytes` by RSA with SHA-256 (RSASSA-PKCS1-v1_5, the RS256 of JSON Web Tokens).
/// `private_key` is PEM. About a millisecond: not for an event loop. Error: `config_invalid`, the
/// text is no RSA key of at least 2048 bits.
Result<std::string> rs256_signature(std::string_view private_key, std::string_view bytes);

}  // namespace obliv
