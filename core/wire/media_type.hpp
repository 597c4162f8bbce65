#pragma once

#include "core/llm/content.hpp"

#include <string>

namespace obliv::wire {

/// The type of a media part: as it was told, else by the first bytes of its base64, else the
/// likeliest of its kind.
std::string media_type_of(const llm::Media& media);

}  // namespace obliv::wire
