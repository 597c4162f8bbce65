#pragma once

#include "core/base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace obliv::ledger {

/// How many letters at the beginning of a code may be stored, to find it by.
inline constexpr std::size_t redeem_prefix_length = 5;

/// A new code as people type it: four groups of five letters and digits (100 bits), the first of
/// which is its prefix.
Secret new_redeem_code();

/// What a typed code means, as it is digested: case, spaces and dashes do not count, and letters
/// that look like digits are taken for them. Nothing: it cannot be a code.
std::optional<std::string> plain_redeem_code(std::string_view typed);

}  // namespace obliv::ledger
