#pragma once

#include "core/llm/content.hpp"

#include <string>
#include <string_view>

namespace obliv::wire {

/// The type of a media part: as it was told, else by the first bytes of its base64, else the
/// likeliest of its kind.
std::string media_type_of(const llm::Media& media);

/// By the first bytes alone; empty: they are of no format that is known.
std::string_view sniffed_media_type(std::string_view base64) noexcept;

}  // namespace obliv::wire
