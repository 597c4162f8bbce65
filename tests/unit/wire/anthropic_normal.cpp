#include "tests/unit/wire/anthropic_normal.hpp"

namespace obliv::test {
namespace {

using Json = nlohmann::json;

void drop_nulls(Json& value) {
    if (value.is_object())
        for (auto at = value.begin(); at != value.end();)
            at = at->is_null() ? value.erase(at) : std::next(at);
    for (auto& inner : value)
        if (inner.is_structured())
            drop_nulls(inner);
}

/// A text is an array of one block.
void spread(Json& content) {
    if (content.is_string())
        content = Json::array({{{"type", "text"}, {"text", content}}});
}

void drop_default(Json& object, const char* name, const Json& value) {
    if (object.contains(name) && object[name] == value)
        object.erase(name);
}

void normalise_blocks(Json& blocks);

void normalise_result(Json& block) {
    drop_default(block, "is_error", false);
    if (block.contains("content"))
        normalise_blocks(block["content"]);
    drop_default(block, "content", Json::array());
}

void normalise_block(Json& block) {
    if (block.contains("cache_control"))
        drop_default(block["cache_control"], "ttl", "5m");
    if (block["type"] == "tool_result")
        normalise_result(block);
    if (block["type"] == "tool_use" && block.contains("caller") &&
        block["caller"]["type"] == "direct")
        block.erase("caller");
    if (block["type"] == "document")
        drop_default(block, "citations", {{"enabled", false}});
    if (block["type"] == "text")
        drop_default(block, "citations", Json::array());
}

void normalise_blocks(Json& blocks) {
    spread(blocks);
    for (auto& block : blocks)
        normalise_block(block);
}

}  // namespace

Json normal_anthropic(Json body) {
    drop_nulls(body);
    drop_default(body, "stream", false);
    drop_default(body, "stop_sequences", Json::array());
    drop_default(body, "tools", Json::array());
    if (body.contains("system"))
        normalise_blocks(body["system"]);
    // What one side says in a row is one turn.
    auto turns = Json::array();
    for (auto& message : body["messages"]) {
        normalise_blocks(message["content"]);
        if (turns.empty() || turns.back()["role"] != message["role"]) {
            turns.push_back(message);
            continue;
        }
        for (auto& block : message["content"])
            turns.back()["content"].push_back(block);
    }
    body["messages"] = turns;
    if (body.contains("tools"))
        for (auto& tool : body["tools"]) {
            drop_default(tool, "type", "custom");
            if (tool.contains("cache_control"))
                drop_default(tool["cache_control"], "ttl", "5m");
        }
    // The name that structured output had before.
    if (body.contains("output_format")) {
        body["output_config"]["format"] = body["output_format"];
        body.erase("output_format");
    }
    return body;
}

}  // namespace obliv::test
