#include "tests/unit/wire/naive.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace obliv::test {
namespace {

using Json = nlohmann::json;

/// Every JSON object of a body: of the `data:` lines, of the lines, or the body itself.
std::vector<Json> objects_of(const std::string& body) {
    std::vector<Json> out;
    auto whole = Json::parse(body, nullptr, false);
    if (!whole.is_discarded())
        return {whole};
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("data:"))
            line.erase(0, 5);
        auto object = Json::parse(line, nullptr, false);
        if (object.is_object())
            out.push_back(object);
    }
    return out;
}

std::string text_at(const Json& value, const std::string& pointer) {
    Json::json_pointer at(pointer);
    return value.contains(at) && value[at].is_string() ? value[at].get<std::string>() : "";
}

std::int64_t count_at(const Json& value, const std::string& pointer) {
    Json::json_pointer at(pointer);
    return value.contains(at) && value[at].is_number() ? value[at].get<std::int64_t>() : 0;
}

std::string arguments_of(const std::string& text) {
    return text.empty() || text == "null" ? "{}" : normal_json(text);
}

void cohere_usage(const Json& usage, Said& said) {
    said.usage = true;
    said.input = count_at(usage, "/billed_units/input_tokens");
    said.output = count_at(usage, "/billed_units/output_tokens");
    said.reasoning = count_at(usage, "/tokens/reasoning_tokens");
}

void cohere_whole(const Json& body, Said& said) {
    const auto& message = body["message"];
    said.thinking = text_at(message, "/tool_plan");
    for (const auto& part : message.value("content", Json::array())) {
        said.thinking += part.value("thinking", "");
        said.text += part.value("text", "");
    }
    for (const auto& call : message.value("tool_calls", Json::array()))
        said.calls.push_back(
            {call["id"], call["function"]["name"], arguments_of(call["function"]["arguments"])});
    for (const auto& citation : message.value("citations", Json::array()))
        said.citations += citation["sources"].size();
}

void gemini_call(const Json& call, Json& arguments, Said& said) {
    if (call.contains("name")) {
        said.calls.push_back({call.value("id", ""), call["name"], ""});
        arguments = call.value("args", Json::object());
    }
    for (const auto& piece : call.value("partialArgs", Json::array())) {
        // `$.steps[0].name` as a JSON pointer.
        std::string pointer;
        for (char c : std::string(piece["jsonPath"]).substr(1))
            if (c != ']')
                pointer += c == '.' || c == '[' ? '/' : c;
        auto& place = arguments[Json::json_pointer(pointer)];
        place = (place.is_string() ? std::string(place) : "") + std::string(piece["stringValue"]);
    }
    said.calls.back().arguments = arguments.dump();
}

/// Figures of the OpenAI form. xAI counts thought beside the completion, Azure's Grok cached input
/// beside the prompt.
void openai_usage(const Json& usage, Said& said) {
    if (!usage.is_object())
        return;
    said.usage = true;
    said.reasoning = count_at(usage, "/completion_tokens_details/reasoning_tokens");
    said.cached =
        std::max({count_at(usage, "/prompt_tokens_details/cached_tokens"),
                  count_at(usage, "/cached_tokens"), count_at(usage, "/prompt_cache_hit_tokens")});
    auto prompt = count_at(usage, "/prompt_tokens");
    said.input = std::max(prompt, said.cached +
                                      count_at(usage, "/prompt_tokens_details/cache_write_tokens"));
    said.output = std::max(count_at(usage, "/completion_tokens"), said.reasoning);
    auto total = count_at(usage, "/total_tokens");
    if (said.reasoning > 0 &&
        total == prompt + count_at(usage, "/completion_tokens") + said.reasoning)
        said.output = count_at(usage, "/completion_tokens") + said.reasoning;
}

/// One `message` or `delta`, whatever a host puts into it.
void openai_words(const Json& words, Said& said) {
    said.refusal += text_at(words, "/refusal");
    auto thought = text_at(words, "/reasoning_content");
    if (thought.empty())
        thought = text_at(words, "/reasoning");
    auto details = words.value("reasoning_details", Json::array());
    if (thought.empty() && details.is_array())
        for (const auto& detail : details)
            thought += text_at(detail, "/text") + text_at(detail, "/summary");
    said.thinking += thought;
    auto content = words.value("content", Json());
    if (content.is_string())
        said.text += content.get<std::string>();
    if (content.is_array())
        for (const auto& part : content) {
            said.text += part.value("text", "");
            if (part.contains("thinking"))
                for (const auto& piece : part["thinking"])
                    said.thinking += piece.value("text", "");
        }
    for (const auto& annotation : words.value("annotations", Json::array()))
        said.citations += annotation.contains("url_citation") ? 1 : 0;
    auto calls = words.value("tool_calls", Json());
    if (!calls.is_array())
        return;
    for (const auto& call : calls) {
        if (call.contains("id") && call["id"].is_string() && !call["id"].get<std::string>().empty())
            said.calls.push_back({call["id"], text_at(call, "/function/name"), ""});
        if (!said.calls.empty())
            said.calls.back().arguments += text_at(call, "/function/arguments");
    }
}

}  // namespace

std::string normal_json(std::string_view text) {
    auto value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? std::string(text) : value.dump();
}

Said said_by_cohere(const Recording& recording) {
    Said said;
    for (const auto& event : objects_of(recording.body)) {
        if (event.contains("message"))
            cohere_whole(event, said);
        said.text += text_at(event, "/delta/message/content/text");
        said.thinking += text_at(event, "/delta/message/content/thinking");
        said.thinking += text_at(event, "/delta/message/tool_plan");
        if (event.value("type", "") == "tool-call-start")
            said.calls.push_back({text_at(event, "/delta/message/tool_calls/id"),
                                  text_at(event, "/delta/message/tool_calls/function/name"), ""});
        if (event.value("type", "") == "tool-call-delta")
            said.calls.back().arguments +=
                text_at(event, "/delta/message/tool_calls/function/arguments");
        if (event.value("type", "") == "citation-start")
            said.citations += event["delta"]["message"]["citations"]["sources"].size();
        for (const auto& part : {event, event.value("delta", Json::object())}) {
            if (part.contains("usage"))
                cohere_usage(part["usage"], said);
            if (part.contains("finish_reason"))
                said.finish = part["finish_reason"];
        }
    }
    for (auto& call : said.calls)
        call.arguments = arguments_of(call.arguments);
    return said;
}

Said said_by_gemini(const Recording& recording) {
    Said said;
    Json arguments;
    for (const auto& chunk : objects_of(recording.body)) {
        for (const auto& candidate : chunk.value("candidates", Json::array())) {
            auto content = candidate.value("content", Json::object());
            for (const auto& part : content.value("parts", Json::array())) {
                (part.value("thought", false) ? said.thinking : said.text) +=
                    part.value("text", "");
                if (part.contains("functionCall"))
                    gemini_call(part["functionCall"], arguments, said);
            }
            said.finish = candidate.value("finishReason", said.finish);
            auto grounding = candidate.value("groundingMetadata", Json::object());
            for (const auto& support : grounding.value("groundingSupports", Json::array()))
                said.citations += support["groundingChunkIndices"].size();
            auto sources = candidate.value("citationMetadata", Json::object());
            said.citations += sources.value("citations", Json::array()).size();
        }
        if (chunk.contains("promptFeedback"))
            said.finish = chunk["promptFeedback"].value("blockReason", "");
        auto usage = chunk.value("usageMetadata", Json::object());
        if (!usage.contains("totalTokenCount"))
            continue;
        said.usage = true;
        said.input = usage.value("promptTokenCount", 0) + usage.value("toolUsePromptTokenCount", 0);
        said.reasoning = usage.value("thoughtsTokenCount", 0);
        said.output = usage.value("candidatesTokenCount", 0) + said.reasoning;
        said.cached = usage.value("cachedContentTokenCount", 0);
    }
    for (auto& call : said.calls)
        call.arguments = normal_json(call.arguments);
    return said;
}

Said said_by_openai(const Recording& recording) {
    Said said;
    for (const auto& object : objects_of(recording.body)) {
        said.failed = said.failed || object.value("error", Json()).is_object();
        openai_usage(object.value("usage", Json()), said);
        if (object.contains("x_groq"))
            openai_usage(object["x_groq"].value("usage", Json()), said);
        for (const auto& choice : object.value("choices", Json::array())) {
            openai_usage(choice.value("usage", Json()), said);
            openai_words(choice.contains("delta") ? choice["delta"]
                                                  : choice.value("message", Json::object()),
                         said);
            if (auto word = text_at(choice, "/finish_reason"); !word.empty())
                said.finish = word;
        }
    }
    for (auto& call : said.calls)
        call.arguments = arguments_of(call.arguments);
    return said;
}

Said said_by_ollama(const Recording& recording) {
    Said said;
    for (const auto& line : objects_of(recording.body)) {
        said.text += text_at(line, "/message/content") + text_at(line, "/response");
        said.thinking += text_at(line, "/message/thinking");
        if (line.value("done", false)) {
            said.finish = line.value("done_reason", "");
            said.usage = true;
            said.input = count_at(line, "/prompt_eval_count");
            said.output = count_at(line, "/eval_count");
        }
    }
    return said;
}

}  // namespace obliv::test
