#include "core/llm/wire_error.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace obliv::llm {
namespace {

using Json = nlohmann::ordered_json;
using std::string_view;

/// What each format calls a class of errors; an empty `openai_code` is null.
struct Names {
    string_view openai_type;
    string_view openai_code;
    string_view anthropic;
    string_view gemini;
};

constexpr Names bad_request{"invalid_request_error", "", "invalid_request_error",
                            "INVALID_ARGUMENT"};
constexpr Names filtered{"invalid_request_error", "content_filter", "invalid_request_error",
                         "INVALID_ARGUMENT"};
constexpr Names bad_credential{"authentication_error", "invalid_api_key", "authentication_error",
                               "UNAUTHENTICATED"};
constexpr Names no_funds{"insufficient_quota", "insufficient_quota", "billing_error",
                         "RESOURCE_EXHAUSTED"};
constexpr Names denied{"permission_error", "", "permission_error", "PERMISSION_DENIED"};
constexpr Names not_found{"invalid_request_error", "not_found", "not_found_error", "NOT_FOUND"};
constexpr Names no_model{"invalid_request_error", "model_not_found", "not_found_error",
                         "NOT_FOUND"};
constexpr Names too_large{"invalid_request_error", "", "request_too_large", "INVALID_ARGUMENT"};
constexpr Names rate{"rate_limit_error", "rate_limit_exceeded", "rate_limit_error",
                     "RESOURCE_EXHAUSTED"};
constexpr Names overload{"server_error", "overloaded", "overloaded_error", "UNAVAILABLE"};
constexpr Names upstream{"api_error", "upstream_error", "api_error", "INTERNAL"};
constexpr Names late{"api_error", "timeout", "timeout_error", "DEADLINE_EXCEEDED"};
constexpr Names our_keys{"api_error", "upstream_credentials_exhausted", "api_error", "UNAVAILABLE"};
constexpr Names ours{"server_error", "internal_error", "api_error", "INTERNAL"};

const Names& names_of(Code code) noexcept {
    switch (code) {
    case Code::unauthenticated:
        return bad_credential;
    case Code::forbidden:
        return denied;
    case Code::not_found:
        return not_found;
    case Code::model_not_found:
        return no_model;
    case Code::payload_too_large:
    case Code::header_too_large:
        return too_large;
    case Code::rate_limited:
        return rate;
    case Code::quota_exhausted:
        return no_funds;
    case Code::overloaded:
    case Code::unavailable:
    case Code::no_channel:
        return overload;
    case Code::upstream_failed:
        return upstream;
    case Code::upstream_timeout:
    case Code::timeout:
    case Code::request_timeout:
        return late;
    case Code::upstream_credentials:
        return our_keys;
    case Code::refused:
        return filtered;
    default:
        return info(code).http_status < 500 ? bad_request : ours;
    }
}

Json text_or_null(string_view text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json management(const Error& error, string_view request_id) {
    const auto& row = info(error.code);
    Json body = {{"type", row.exit_name},
                 {"code", row.name},
                 {"message", error.message},
                 {"param", text_or_null(error.param)},
                 {"request_id", request_id}};
    if (!error.hint.empty())
        body["hint"] = error.hint;
    return Json{{"error", std::move(body)}};
}

Json openai(const Error& error) {
    const auto& names = names_of(error.code);
    return Json{{"error",
                 {{"message", error.message},
                  {"type", names.openai_type},
                  {"param", text_or_null(error.param)},
                  {"code", text_or_null(names.openai_code)}}}};
}

Json anthropic(const Error& error, string_view request_id) {
    return Json{{"type", "error"},
                {"error", {{"type", names_of(error.code).anthropic}, {"message", error.message}}},
                {"request_id", request_id}};
}

Json gemini(const Error& error) {
    return Json{{"error",
                 {{"code", status_of(ErrorShape::gemini, error)},
                  {"message", error.message},
                  {"status", names_of(error.code).gemini}}}};
}

Json body_of(ErrorShape shape, const Error& error, string_view request_id) {
    switch (shape) {
    case ErrorShape::openai:
        return openai(error);
    case ErrorShape::anthropic:
        return anthropic(error, request_id);
    case ErrorShape::gemini:
        return gemini(error);
    case ErrorShape::management:
        break;
    }
    return management(error, request_id);
}

}  // namespace

int status_of(ErrorShape shape, const Error& error) noexcept {
    if (shape == ErrorShape::anthropic) {
        const auto& names = names_of(error.code);
        if (&names == &overload)
            return 529;
        if (&names == &no_funds)
            return 402;
    }
    return info(error.code).http_status;
}

std::string error_body(ErrorShape shape, const Error& error, string_view request_id) {
    return body_of(shape, error, request_id).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace obliv::llm
