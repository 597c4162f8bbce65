#pragma once

#include "core/llm/chat_call.hpp"

#include <string_view>
#include <vector>

namespace obliv::llm {

/// What a chat needs a provider to be able to do, by the names that channels offer: stream, tools,
/// vision, audio, files, json_object, json_schema, reasoning, choices. Some ten microseconds for
/// each hundred kilobytes: asked only where a channel limits what it can do.
std::vector<std::string_view> needs_of(const ChatCall& call, std::string_view body);

}  // namespace obliv::llm
