#pragma once

#include "core/llm/chat_request.hpp"

#include <string>
#include <utility>
#include <vector>

namespace obliv::test {

// Requests for tests of writers, put together in few words.

inline llm::Message says(llm::Role role, std::string text = {}) {
    llm::Message message;
    message.role = role;
    if (!text.empty())
        message.content.push_back({llm::Text{std::move(text)}});
    return message;
}

/// One question by a user.
inline llm::ChatRequest ask(std::string text, std::string wire = "openai") {
    llm::ChatRequest request;
    request.wire = std::move(wire);
    request.model = "m";
    request.messages.push_back(says(llm::Role::user, std::move(text)));
    return request;
}

inline llm::Media media(llm::Media::Kind kind, llm::Media::Source source, std::string data) {
    llm::Media out;
    out.kind = kind;
    out.source = source;
    out.data = std::move(data);
    return out;
}

inline llm::Media png(std::string base64) {
    auto out = media(llm::Media::Kind::image, llm::Media::Source::base64, std::move(base64));
    out.media_type = "image/png";
    return out;
}

inline llm::Tool function_tool(std::string name, std::string parameters = {}) {
    llm::Tool tool;
    tool.name = std::move(name);
    tool.parameters = std::move(parameters);
    return tool;
}

inline llm::Part result_of(std::string call, std::vector<std::string> texts) {
    llm::ToolResult result;
    result.call_id = std::move(call);
    for (auto& text : texts)
        result.content.push_back({llm::Text{std::move(text)}});
    return {std::move(result)};
}

}  // namespace obliv::test
