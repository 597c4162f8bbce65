#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_call.hpp"
#include "core/llm/media_call.hpp"

#include <string_view>

namespace obliv::llm {

/// Reads a JSON call for images or speech, as parse_plain_call() does; it may stream. Its `media`
/// is set. `body` is followed by json_padding readable bytes.
Result<ChatCall> parse_media_body(MediaKind kind, std::string_view body,
                                  std::string_view model_default);

}  // namespace obliv::llm
