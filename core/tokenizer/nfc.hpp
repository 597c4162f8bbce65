#pragma once

#include <string>
#include <string_view>

namespace obliv::tokenizer {

/// Unicode's normal form C, which some tokenizers bring a text into before they cut it. Bytes that
/// are no UTF-8 stay as they are. A text without a character above U+02FF is returned at once.
std::string nfc(std::string_view text);

/// Whether nfc() would return it at once.
bool surely_nfc(std::string_view text) noexcept;

}  // namespace obliv::tokenizer
