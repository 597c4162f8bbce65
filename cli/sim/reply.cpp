#include "cli/sim/reply.hpp"

#include "cli/sim/spark.hpp"
#include "core/llm/chat_call.hpp"

#include <array>
#include <utility>

namespace obliv::sim {
namespace {

constexpr std::int64_t first_created = 1'700'000'000;

std::string_view reason_of(int status) noexcept {
    constexpr std::array<std::pair<int, std::string_view>, 13> reasons{{
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Payload Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {529, "Overloaded"},
    }};
    for (const auto& [number, reason] : reasons)
        if (number == status)
            return reason;
    return "Simulated";
}

void append_message(std::string& out, const Plan& plan, const Words& words) {
    out += R"("message":{"role":"assistant","content":)";
    if (plan.tool) {
        out +=
            R"(null,"refusal":null,"tool_calls":[{"id":"call_sim","type":"function","function":)";
        out += R"({"name":)" + llm::json_quoted(*plan.tool) + R"(,"arguments":")";
    } else {
        out += '"';
    }
    for (std::int64_t i = 0; i < plan.tokens; ++i)
        out += words[i];
    out += plan.tool ? R"("}}]})" : R"(","refusal":null})";
}

}  // namespace

void append_reply(std::string& out, int status, std::string_view body, bool keep_alive,
                  std::string_view more, std::string_view type) {
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_of(status));
    out.append("\r\ncontent-type: ").append(type).append("\r\n");
    out.append(simulated_header).append(more);
    out.append("content-length: ").append(std::to_string(body.size()));
    out.append(keep_alive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n").append(body);
}

void append_error(std::string& out, const Error& error, bool keep_alive, const Format* format) {
    append_reply(out, error_status(format, error), error_body(format, error), keep_alive,
                 error_headers(format, error));
}

void append_fault(std::string& out, const Plan& plan, bool keep_alive) {
    auto status = plan.fault.status;
    if (plan.format != nullptr && plan.format->websocket) {
        out += spark_refusal(error_of_status(status));
    } else if (plan.format != nullptr) {
        auto error = error_of_status(status);
        append_reply(out, status, error_body(plan.format, error), keep_alive,
                     error_headers(plan.format, error));
    }
    if (plan.format != nullptr)
        return;
    std::string_view type = "server_error";
    std::string_view code = "null";
    if (status == 429)
        type = "requests", code = R"("rate_limit_exceeded")";
    else if (status == 401)
        type = "invalid_request_error", code = R"("invalid_api_key")";
    else if (status < 500)
        type = "invalid_request_error";
    auto body = R"({"error":{"message":"simulated fault )" + std::to_string(status) +
                R"(","type":")" + std::string(type) + R"(","param":null,"code":)" +
                std::string(code) + "}}";
    append_reply(out, status, body, keep_alive, status == 429 ? "retry-after: 1\r\n" : "");
}

std::string models_body(const Options& options) {
    std::string body = R"({"object":"list","data":[)";
    auto add = [&body](std::string_view model) {
        if (body.back() == '}')
            body += ',';
        body += R"({"id":)" + llm::json_quoted(model) + R"(,"object":"model","created":)" +
                std::to_string(first_created) + R"(,"owned_by":"simulated"})";
    };
    for (const auto& model : options.models)
        add(model);
    if (options.models.empty())
        add("sim");
    return body + "]}";
}

std::string completion_body(const Plan& plan) {
    if (!plan.document.empty()) {
        bool malformed = plan.fault.kind == Fault::Kind::malformed;
        return plan.document.substr(0, malformed ? plan.document.size() / 2 : std::string::npos);
    }
    Words words(plan);
    std::string body = R"({"id":")" + reply_id(plan.number) +
                       R"(","object":"chat.completion","created":)" +
                       std::to_string(created_at(plan.number)) + R"(,"model":)" +
                       llm::json_quoted(plan.model) + R"(,"choices":[)";
    for (std::int64_t choice = 0; choice < plan.choices; ++choice) {
        body += choice == 0 ? R"({"index":)" : R"(,{"index":)";
        body += std::to_string(choice) + ',';
        append_message(body, plan, words);
        body += R"(,"logprobs":null,"finish_reason":")";
        body += finish_reason(plan);
        body += "\"}";
    }
    body += ']';
    if (plan.usage_in_reply)
        body += R"(,"usage":)" + usage_object(plan);
    body += R"(,"system_fingerprint":"sim"})";
    if (plan.fault.kind == Fault::Kind::malformed)
        body.resize(body.size() / 2);
    return body;
}

std::string usage_object(const Plan& plan) {
    auto prompt = plan.prompt_tokens;
    auto completion = plan.completion_tokens();
    return R"({"prompt_tokens":)" + std::to_string(prompt) + R"(,"completion_tokens":)" +
           std::to_string(completion) + R"(,"total_tokens":)" +
           std::to_string(prompt + completion) + "}";
}

std::string_view finish_reason(const Plan& plan) noexcept {
    if (plan.tool)
        return "tool_calls";
    return plan.cut_short ? "length" : "stop";
}

std::string reply_id(std::uint64_t number) {
    auto digits = std::to_string(number);
    return "chatcmpl-sim" + std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
}

std::int64_t created_at(std::uint64_t number) noexcept {
    return first_created + static_cast<std::int64_t>(number);
}

}  // namespace obliv::sim
