#pragma once

#include "core/llm/chat_request.hpp"
#include "core/wire/wire.hpp"

#include <vector>

namespace obliv::wire {

/// The media of `request` that a caller told by an http or https URL and of which `wire` takes the
/// bytes only. In the order of the request; views into it.
std::vector<llm::Media*> media_to_fetch(llm::ChatRequest& request, const Wire& wire);

/// Puts the fetched bytes in the place of the URL. invalid_request: their type, as it was told or
/// as they begin, is not that of the medium.
Result<void> supply(llm::Media& media, std::string_view bytes, std::string_view media_type);

}  // namespace obliv::wire
