#pragma once

#include "core/base/result.hpp"
#include "core/http/multipart.hpp"
#include "core/llm/chat_call.hpp"

#include <string_view>

namespace obliv::wire {

/// Reads a call for images or a transcript that came as a form: its model, whether it streams, and
/// what it may cost; the files are not copied. `content_type` is the request's. Field names: OpenAI
/// API reference, "Images" and "Audio". `model_default` as in llm::parse_plain_call. Refused: what
/// FormScan refuses, a deciding field that is given twice or in another case. `passed` as in
/// FormScan.
Result<llm::ChatCall> read_media_form(llm::MediaKind kind, std::string_view body,
                                      std::string_view content_type, std::string_view model_default,
                                      http::FormScan::Passed passed = nullptr);

}  // namespace obliv::wire
