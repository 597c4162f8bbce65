#include "daemon/relay/upstream_error.hpp"

#include "core/base/text.hpp"
#include "core/llm/redact.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::relay {
namespace {

using nlohmann::json;

constexpr std::int64_t retry_after_max_s = 3600;

/// The `error` object of a body in the OpenAI shape or one of its relatives; an empty object if
/// none.
json error_object(std::string_view body) {
    auto document = json::parse(body, nullptr, false);
    // Gemini wraps the errors of a stream in an array.
    if (document.is_array() && !document.empty())
        document = json(document.front());
    if (!document.is_object())
        return json::object();
    auto error = document.value("error", json());
    if (error.is_object())
        return error;
    if (error.is_string())
        return json{{"message", error}};
    return document;  // vLLM, Cohere, Bedrock and others put the fields at the top
}

std::string text_of(const json& error, const char* key) {
    auto found = error.find(key);
    return found != error.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json shown(const json& error, const char* key) {
    auto found = error.find(key);
    if (found == error.end() || !(found->is_string() || found->is_number_integer()))
        return nullptr;
    return found->is_string() ? json(llm::redact(found->get<std::string>(), 128)) : *found;
}

Code code_of(int status) {
    if (status == 404)
        return Code::not_found;
    return status == 413 ? Code::payload_too_large : Code::invalid_request;
}

}  // namespace

Verdict verdict_on(int status) noexcept {
    // Neither a redirection, which we do not follow, nor a reply without a body is an answer.
    if (status >= 200 && status < 300)
        return status == 204 || status == 205 ? Verdict::channel : Verdict::accepted;
    if (status < 400)
        return Verdict::channel;
    if (status == 401 || status == 402 || status == 403)
        return Verdict::key;
    if (status == 408 || status == 409 || status == 425 || status == 429 || status >= 500)
        return Verdict::channel;
    return Verdict::callers;
}

bool asks_for_other_model(std::string_view body) noexcept {
    // OpenAI and who speaks like it; Anthropic; Google; Bedrock and Cohere; DashScope's two.
    constexpr std::array<std::string_view, 12> words{"context_length_exceeded",
                                                     "maximum context length",
                                                     "content_policy",
                                                     "content_filter",
                                                     "prompt is too long",
                                                     "exceed context limit",
                                                     "exceeds the maximum number of tokens",
                                                     "too long for requested model",
                                                     "too many tokens",
                                                     "Range of input length",
                                                     "data_inspection_failed",
                                                     "DataInspectionFailed"};
    return std::any_of(words.begin(), words.end(),
                       [&](auto word) { return body.find(word) != std::string_view::npos; });
}

Error refusal(std::string_view channel, int status, std::string_view body,
              std::optional<std::string_view> retry_after) {
    auto said = llm::redact(text_of(error_object(body), "message"), 300);
    auto message =
        "channel '" + std::string(channel) + "': the provider answered " + std::to_string(status);
    if (!said.empty())
        message += ": " + said;
    auto code = Code::upstream_failed;
    if (verdict_on(status) == Verdict::key)
        code = Code::upstream_credentials;
    else if (status == 429)
        code = Code::rate_limited;
    else if (status == 408 || status == 504)
        code = Code::upstream_timeout;
    auto error = fail(code, std::move(message));
    if (auto seconds = retry_after ? parse_int(*retry_after) : std::nullopt;
        seconds && *seconds >= 0 && *seconds <= retry_after_max_s)
        error.retry_after = std::chrono::seconds(*seconds);
    return error;
}

namespace {

std::string message_for_caller(const json& error) {
    auto message = llm::redact(text_of(error, "message"), 4096);
    return message.empty() ? "the provider refused the request without saying why" : message;
}

}  // namespace

Error callers_error(std::string_view body, int status) {
    return fail(code_of(status), message_for_caller(error_object(body)));
}

std::string callers_error_body(std::string_view body, llm::ErrorShape shape, int status,
                               std::string_view request_id) {
    auto error = error_object(body);
    auto message = message_for_caller(error);
    if (shape != llm::ErrorShape::openai)
        return llm::error_body(shape, fail(code_of(status), std::move(message)), request_id);
    json out;
    out["error"]["message"] = message;
    auto type = shown(error, "type");
    out["error"]["type"] = type.is_null() ? json("invalid_request_error") : type;
    out["error"]["param"] = shown(error, "param");
    out["error"]["code"] = shown(error, "code");
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace obliv::relay
