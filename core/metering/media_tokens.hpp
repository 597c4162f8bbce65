#pragma once

#include "core/llm/content.hpp"
#include "core/metering/image_size.hpp"

#include <cstdint>
#include <string_view>

namespace obliv::metering {

/// What an image, a sound, a video or a document costs a model on the input side, by the rules that
/// its provider publishes (docs/tokenizers.md); of a model without published rules, as Gemini
/// counts. Where the size is not told (an URL, a stored file) that of a large one is assumed.
std::int64_t media_tokens(std::string_view model, const llm::Media& media);

/// The same for an image of a known size. `detail` as in llm::Media.
std::int64_t image_tokens(std::string_view model, ImageSize size, std::string_view detail);

}  // namespace obliv::metering
