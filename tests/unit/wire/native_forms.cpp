#include "tests/unit/wire/native_forms.hpp"

#include "core/wire/dashscope.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace obliv::test {
namespace {

using Json = nlohmann::ordered_json;
using Names = std::vector<std::string_view>;

/// Gathers the first thing that is wrong.
struct Judge {
    std::string wrong;

    bool expect(bool holds, const std::string& what) {
        if (!holds && wrong.empty())
            wrong = what;
        return holds;
    }

    /// The object has no member but these.
    void only(const Json& object, const Names& names, const std::string& where) {
        if (!expect(object.is_object(), where + " is no object"))
            return;
        for (const auto& [name, value] : object.items()) {
            bool known = std::find(names.begin(), names.end(), name) != names.end();
            expect(known, where + " has a member '" + name + "'");
        }
    }

    /// Every member of `wanted` is in `object`.
    void has(const Json& object, const Names& wanted, const std::string& where) {
        for (auto name : wanted)
            expect(object.contains(name), where + " has no '" + std::string(name) + "'");
    }

    /// The object has exactly one of these members.
    std::string one_of(const Json& object, const Names& names, const std::string& where) {
        std::string found;
        int count = 0;
        for (auto name : names)
            if (object.contains(name)) {
                found = name;
                ++count;
            }
        expect(count == 1, where + " is of " + std::to_string(count) + " kinds");
        return found;
    }
};

std::string text_of(const Json& object, std::string_view name) {
    return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

/// Calls and results of one conversation, in formats where each result names its call.
class Pairing {
public:
    explicit Pairing(Judge& judge) : judge_(judge) {}

    void call(const std::string& id) {
        judge_.expect(!id.empty(), "a call has no id");
        judge_.expect(open_.insert(id).second, "two open calls have the id " + id);
    }
    void result(const std::string& id) {
        judge_.expect(open_.erase(id) == 1, "a result of no open call: '" + id + "'");
    }
    /// Somebody else speaks: everything has to be answered.
    void settled(const char* who) {
        judge_.expect(open_.empty(), std::string(who) + " speaks while a call has no result");
    }

private:
    Judge& judge_;
    std::set<std::string> open_;
};

// --- OpenAI chat completions.

void openai_part(Judge& judge, const Json& part) {
    static const std::map<std::string, std::string> members{{"text", "text"},
                                                            {"image_url", "image_url"},
                                                            {"input_audio", "input_audio"},
                                                            {"file", "file"},
                                                            {"refusal", "refusal"}};
    auto kind = members.find(text_of(part, "type"));
    if (judge.expect(kind != members.end(), "a part of the type " + text_of(part, "type")))
        judge.only(part, {"type", kind->second}, "a part");
}

void openai_content(Judge& judge, const Json& message) {
    if (!message.contains("content") || message["content"].is_string())
        return;
    if (message["content"].is_null())
        return static_cast<void>(
            judge.expect(message.contains("tool_calls") || message.contains("refusal"),
                         "a message that says nothing"));
    judge.expect(message["content"].is_array() && !message["content"].empty(), "empty content");
    for (const auto& part : message["content"])
        openai_part(judge, part);
}

void openai_message(Judge& judge, Pairing& pairs, const Json& message) {
    auto role = text_of(message, "role");
    openai_content(judge, message);
    if (role == "tool") {
        judge.only(message, {"role", "content", "tool_call_id"}, "a tool's message");
        return pairs.result(text_of(message, "tool_call_id"));
    }
    pairs.settled(role.c_str());
    if (role != "assistant") {
        judge.expect(role == "user" || role == "system" || role == "developer", "role " + role);
        judge.only(message, {"role", "content", "name"}, "a message");
        return judge.has(message, {"content"}, "a message");
    }
    judge.only(message, {"role", "content", "name", "refusal", "tool_calls", "audio"},
               "the assistant's message");
    judge.expect(message.contains("content") || message.contains("tool_calls") ||
                     message.contains("refusal"),
                 "the assistant says nothing");
    for (const auto& call : message.value("tool_calls", Json::array())) {
        auto kind = text_of(call, "type");
        judge.only(call, {"id", "type", kind == "custom" ? "custom" : "function"}, "a call");
        pairs.call(text_of(call, "id"));
        if (kind == "function")
            judge.expect(Json::accept(text_of(call["function"], "arguments")),
                         "arguments are no JSON");
    }
}

void judge_openai(Judge& judge, const Json& body) {
    judge.only(body,
               {"model",
                "messages",
                "stream",
                "stream_options",
                "tools",
                "tool_choice",
                "parallel_tool_calls",
                "temperature",
                "top_p",
                "frequency_penalty",
                "presence_penalty",
                "seed",
                "stop",
                "logprobs",
                "top_logprobs",
                "logit_bias",
                "reasoning_effort",
                "response_format",
                "max_completion_tokens",
                "n",
                "user",
                "metadata",
                "verbosity",
                "service_tier",
                "store",
                "modalities",
                "audio",
                "prompt_cache_key",
                "safety_identifier"},
               "the body");
    Pairing pairs(judge);
    for (const auto& message : body["messages"])
        openai_message(judge, pairs, message);
    for (const auto& tool : body.value("tools", Json::array())) {
        judge.only(tool, {"type", "function", "custom"}, "a tool");
        if (tool.contains("function"))
            judge.only(tool["function"], {"name", "description", "parameters", "strict"},
                       "a function");
    }
    judge.expect(body.contains("tools") || !body.contains("tool_choice"),
                 "a choice among no tools");
}

// --- Anthropic messages.

const Names anthropic_blocks{"text",     "image",       "document",          "thinking",
                             "tool_use", "tool_result", "redacted_thinking", "search_result"};

struct Turn {
    std::set<std::string> calls;
    std::set<std::string> results;
};

Turn anthropic_message(Judge& judge, const Json& message) {
    judge.only(message, {"role", "content"}, "a message");
    Turn turn;
    if (message["content"].is_string())
        return turn;
    judge.expect(!message["content"].empty(), "empty content");
    bool others = false;
    for (const auto& block : message["content"]) {
        auto type = text_of(block, "type");
        judge.expect(std::find(anthropic_blocks.begin(), anthropic_blocks.end(), type) !=
                         anthropic_blocks.end(),
                     "a block of the type " + type);
        if (type == "tool_use") {
            judge.expect(block["input"].is_object(), "an input that is no object");
            judge.expect(turn.calls.insert(text_of(block, "id")).second, "two calls of one id");
        }
        if (type == "tool_result") {
            judge.expect(!others, "a result behind something else");
            turn.results.insert(text_of(block, "tool_use_id"));
        }
        others = others || type != "tool_result";
        judge.expect(type != "thinking" || !text_of(block, "signature").empty(),
                     "a thought without its signature");
        judge.expect(type != "text" || !text_of(block, "text").empty(), "an empty text");
    }
    return turn;
}

void judge_anthropic(Judge& judge, const Json& body) {
    judge.only(body,
               {"model", "messages", "system", "max_tokens", "stream", "tools", "tool_choice",
                "temperature", "top_p", "top_k", "stop_sequences", "thinking", "metadata",
                "service_tier", "output_config"},
               "the body");
    judge.has(body, {"model", "messages", "max_tokens"}, "the body");
    std::string last;  // who speaks first is the caller's own choice
    Turn before;
    for (const auto& message : body["messages"]) {
        auto role = text_of(message, "role");
        judge.expect(role == "user" || role == "assistant", "role " + role);
        judge.expect(role != last, "two messages of the " + role + " in a row");
        auto turn = anthropic_message(judge, message);
        judge.expect(turn.results == before.calls, "results that are not those of the calls");
        before = turn;
        last = role;
    }
    for (const auto& tool : body.value("tools", Json::array()))
        if (!tool.contains("type") || tool["type"] == "custom") {
            judge.has(tool, {"name", "input_schema"}, "a tool");
            judge.only(tool,
                       {"type", "name", "description", "input_schema", "strict", "cache_control"},
                       "a tool");
        }
}

// --- Gemini.

void gemini_part(Judge& judge, const Json& part, std::vector<std::string>& calls,
                 std::vector<std::string>& results) {
    auto kind = judge.one_of(
        part, {"text", "inlineData", "fileData", "functionCall", "functionResponse"}, "a part");
    judge.only(part, {kind, "thought", "thoughtSignature"}, "a part");
    if (kind == "functionCall") {
        calls.push_back(text_of(part[kind], "name"));
        judge.only(part[kind], {"name", "args", "id"}, "a call");
        judge.expect(part[kind].value("args", Json::object()).is_object(), "args are no object");
    }
    if (kind == "functionResponse") {
        results.push_back(text_of(part[kind], "name"));
        judge.only(part[kind], {"name", "response", "id", "parts"}, "a result");
        judge.expect(part[kind]["response"].is_object(), "a response that is no object");
    }
    if (kind == "inlineData")
        judge.has(part[kind], {"mimeType", "data"}, "inlineData");
}

void judge_gemini(Judge& judge, const Json& body) {
    judge.only(body,
               {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig",
                "safetySettings", "cachedContent", "labels", "serviceTier"},
               "the body");
    judge.expect(!body.value("contents", Json::array()).empty(), "no contents");
    std::vector<std::string> before;
    for (const auto& content : body["contents"]) {
        judge.only(content, {"role", "parts"}, "a content");
        auto role = text_of(content, "role");
        judge.expect(role == "user" || role == "model", "role " + role);
        judge.expect(!content["parts"].empty(), "a content without parts");
        std::vector<std::string> calls;
        std::vector<std::string> results;
        for (const auto& part : content["parts"])
            gemini_part(judge, part, calls, results);
        judge.expect(calls.empty() || role == "model", "a call by the user");
        std::sort(results.begin(), results.end());
        judge.expect(results == before, "results that are not those of the calls");
        std::sort(calls.begin(), calls.end());
        before = calls;
    }
    if (body.contains("systemInstruction"))
        judge.only(body["systemInstruction"], {"role", "parts"}, "the system's instruction");
    if (body.contains("generationConfig"))
        judge.only(body["generationConfig"],
                   {"temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "seed",
                    "candidateCount", "presencePenalty", "frequencyPenalty", "responseMimeType",
                    "responseSchema", "responseJsonSchema", "responseLogprobs", "logprobs",
                    "thinkingConfig", "responseModalities", "speechConfig", "mediaResolution"},
                   "generationConfig");
    for (const auto& tool : body.value("tools", Json::array()))
        for (const auto& function : tool.value("functionDeclarations", Json::array()))
            judge.only(function,
                       {"name", "description", "parameters", "parametersJsonSchema", "response"},
                       "a function");
}

// --- Bedrock Converse.

Turn bedrock_message(Judge& judge, const Json& message) {
    judge.only(message, {"role", "content"}, "a message");
    judge.expect(!message["content"].empty(), "empty content");
    Turn turn;
    for (const auto& block : message["content"]) {
        auto kind = judge.one_of(block,
                                 {"text", "image", "document", "video", "toolUse", "toolResult",
                                  "reasoningContent", "cachePoint"},
                                 "a block");
        judge.only(block, {kind}, "a block");
        if (kind == "toolUse") {
            judge.expect(block[kind]["input"].is_object(), "an input that is no object");
            turn.calls.insert(text_of(block[kind], "toolUseId"));
        }
        if (kind == "toolResult")
            turn.results.insert(text_of(block[kind], "toolUseId"));
        judge.expect(kind != "text" || !text_of(block, "text").empty(), "an empty text");
    }
    return turn;
}

void judge_bedrock(Judge& judge, const Json& body) {
    judge.only(body,
               {"messages", "system", "inferenceConfig", "toolConfig",
                "additionalModelRequestFields", "performanceConfig", "requestMetadata",
                "outputConfig", "serviceTier"},
               "the body");
    std::string last;  // who speaks first is the caller's own choice
    Turn before;
    bool tools = false;
    for (const auto& message : body["messages"]) {
        auto role = text_of(message, "role");
        judge.expect(role == "user" || role == "assistant", "role " + role);
        judge.expect(role != last, "two messages of the " + role + " in a row");
        auto turn = bedrock_message(judge, message);
        judge.expect(turn.results == before.calls, "results that are not those of the calls");
        tools = tools || !turn.calls.empty();
        before = turn;
        last = role;
    }
    judge.expect(!tools || body.contains("toolConfig"), "calls without the tools");
    if (body.contains("inferenceConfig"))
        judge.only(body["inferenceConfig"], {"maxTokens", "temperature", "topP", "stopSequences"},
                   "inferenceConfig");
}

// --- Cohere.

void cohere_message(Judge& judge, Pairing& pairs, const Json& message) {
    auto role = text_of(message, "role");
    if (message.contains("content") && message["content"].is_array()) {
        judge.expect(!message["content"].empty(), "empty content");
        for (const auto& part : message["content"]) {
            auto type = text_of(part, "type");
            bool known =
                type == "text" || type == "image_url" || type == "thinking" || type == "document";
            judge.expect(known, "a part of the type " + type);
        }
    }
    if (role == "tool") {
        judge.only(message, {"role", "content", "tool_call_id"}, "a tool's message");
        return pairs.result(text_of(message, "tool_call_id"));
    }
    pairs.settled(role.c_str());
    if (role != "assistant") {
        judge.expect(role == "user" || role == "system", "role " + role);
        return judge.only(message, {"role", "content"}, "a message");
    }
    judge.only(message, {"role", "content", "tool_plan", "tool_calls", "citations"},
               "the assistant's message");
    for (const auto& call : message.value("tool_calls", Json::array()))
        pairs.call(text_of(call, "id"));
}

void judge_cohere(Judge& judge, const Json& body) {
    judge.only(body,
               {"model",
                "messages",
                "stream",
                "tools",
                "strict_tools",
                "tool_choice",
                "documents",
                "citation_options",
                "response_format",
                "safety_mode",
                "max_tokens",
                "stop_sequences",
                "temperature",
                "seed",
                "frequency_penalty",
                "presence_penalty",
                "k",
                "p",
                "logprobs",
                "thinking",
                "priority"},
               "the body");
    Pairing pairs(judge);
    for (const auto& message : body["messages"])
        cohere_message(judge, pairs, message);
    for (const auto& tool : body.value("tools", Json::array()))
        judge.only(tool["function"], {"name", "description", "parameters"}, "a function");
    judge.expect(body.contains("tools") || !body.contains("tool_choice"),
                 "a choice among no tools");
}

// --- Ollama.

void judge_ollama(Judge& judge, const Json& body) {
    judge.only(body,
               {"model", "messages", "stream", "tools", "format", "options", "think", "keep_alive",
                "logprobs", "top_logprobs"},
               "the body");
    judge.has(body, {"model", "messages", "stream"}, "the body");
    for (const auto& message : body["messages"]) {
        auto role = text_of(message, "role");
        bool known = role == "system" || role == "user" || role == "assistant" || role == "tool";
        judge.expect(known, "role " + role);
        judge.only(
            message,
            {"role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id"},
            "a message");
        judge.expect(message.value("content", Json("")).is_string(), "content that is no text");
        for (const auto& call : message.value("tool_calls", Json::array()))
            judge.expect(call["function"]["arguments"].is_object(), "arguments are no object");
    }
    if (body.contains("options"))
        judge.only(body["options"],
                   {"temperature", "top_p", "top_k", "seed", "stop", "num_predict",
                    "frequency_penalty", "presence_penalty", "num_ctx"},
                   "options");
}

// --- DashScope.

void dashscope_message(Judge& judge, Pairing& pairs, const Json& message, bool lists) {
    auto role = text_of(message, "role");
    const auto& content = message["content"];
    judge.expect(lists ? content.is_array() || content == "" : content.is_string(),
                 "content of the other path");
    for (const auto& part : lists ? content : Json::array())
        judge.one_of(part, {"text", "image", "audio", "video"}, "a part");
    if (role == "tool") {
        judge.only(message, {"role", "content", "tool_call_id"}, "a tool's message");
        return pairs.result(text_of(message, "tool_call_id"));
    }
    pairs.settled(role.c_str());
    bool known = role == "system" || role == "user" || role == "assistant";
    judge.expect(known, "role " + role);
    judge.only(message, {"role", "content", "tool_calls"}, "a message");
    for (const auto& call : message.value("tool_calls", Json::array())) {
        judge.only(call, {"id", "type", "index", "function"}, "a call");
        pairs.call(text_of(call, "id"));
        judge.expect(Json::accept(text_of(call["function"], "arguments")), "arguments are no JSON");
    }
}

void judge_dashscope(Judge& judge, const Json& body) {
    judge.only(body, {"model", "input", "parameters"}, "the body");
    judge.has(body, {"model", "input", "parameters"}, "the body");
    if (!judge.wrong.empty())
        return;
    judge.only(body["input"], {"messages"}, "the input");
    judge.only(body["parameters"],
               {"result_format", "incremental_output", "max_tokens", "temperature", "top_p",
                "top_k", "seed", "presence_penalty", "stop", "n", "logprobs", "top_logprobs",
                "tools", "tool_choice", "parallel_tool_calls", "enable_thinking", "thinking_budget",
                "response_format"},
               "the parameters");
    judge.expect(text_of(body["parameters"], "result_format") == "message", "the older form");
    Pairing pairs(judge);
    for (const auto& message : body["input"]["messages"])
        dashscope_message(judge, pairs, message, wire::is_multimodal_qwen(text_of(body, "model")));
    for (const auto& tool : body["parameters"].value("tools", Json::array()))
        judge.only(tool["function"], {"name", "description", "parameters"}, "a function");
    judge.expect(body["parameters"].contains("tools") ||
                     !body["parameters"].contains("tool_choice"),
                 "a choice among no tools");
}

// --- iFlytek Spark, over its WebSocket.

void judge_spark(Judge& judge, const Json& body) {
    judge.only(body, {"header", "parameter", "payload"}, "the message");
    judge.has(body, {"header", "parameter", "payload"}, "the message");
    if (!judge.wrong.empty())
        return;
    judge.only(body["header"], {"uid"}, "the header");
    judge.only(body["parameter"]["chat"], {"domain", "temperature", "top_k", "max_tokens"},
               "the settings");
    judge.has(body["parameter"]["chat"], {"domain"}, "the settings");
    judge.only(body["payload"], {"message", "functions"}, "the payload");
    for (const auto& text : body["payload"]["message"]["text"]) {
        auto role = text_of(text, "role");
        judge.only(text, {"role", "content"}, "a text");
        judge.expect(!text_of(text, "content").empty(), "an empty text");
        judge.expect(role == "system" || role == "user" || role == "assistant", "role " + role);
    }
    if (body["payload"].contains("functions"))
        for (const auto& function : body["payload"]["functions"]["text"])
            judge.only(function, {"name", "description", "parameters"}, "a function");
}

}  // namespace

std::string wrong_in(std::string_view wire, std::string_view body) {
    static const std::map<std::string_view, void (*)(Judge&, const Json&)> judges{
        {"openai", judge_openai},       {"anthropic", judge_anthropic}, {"gemini", judge_gemini},
        {"bedrock", judge_bedrock},     {"cohere", judge_cohere},       {"ollama", judge_ollama},
        {"dashscope", judge_dashscope}, {"spark", judge_spark}};
    Judge judge;
    auto json = Json::parse(body, nullptr, false);
    auto found = judges.find(wire);
    judge.expect(found != judges.end(), "nobody knows this format");
    judge.expect(!json.is_discarded(), "no JSON");
    if (judge.wrong.empty())
        found->second(judge, json);
    return judge.wrong;
}

}  // namespace obliv::test
