#include "core/base/text.hpp"
#include "core/client/client.hpp"
#include "core/client/retry.hpp"

#include <nlohmann/json.hpp>

namespace obliv::client {
namespace {

Code code_of_status(int status) {
    switch (status) {
    case 401:
        return Code::unauthenticated;
    case 402:
        return Code::quota_exhausted;
    case 403:
        return Code::forbidden;
    case 404:
        return Code::not_found;
    case 405:
        return Code::method_not_allowed;
    case 408:
        return Code::request_timeout;
    case 409:
    case 412:
        return Code::conflict;
    case 413:
        return Code::payload_too_large;
    case 422:
        return Code::invalid_request;
    case 429:
        return Code::rate_limited;
    case 504:
        return Code::upstream_timeout;
    default:
        return status >= 500 ? Code::unavailable : Code::invalid_request;
    }
}

std::string text_of(const nlohmann::json& object, const char* key) {
    auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The names that OpenAI-compatible servers use and we do not.
std::optional<Code> code_of_provider(std::string_view code, std::string_view type) {
    for (auto name : {code, type}) {
        if (name == "insufficient_quota" || name == "billing_error")
            return Code::quota_exhausted;
        if (name == "content_filter")
            return Code::refused;
        if (name == "invalid_api_key" || name == "authentication_error")
            return Code::unauthenticated;
    }
    return std::nullopt;
}

}  // namespace

Error error_from(const Response& response) {
    auto error = fail(code_of_status(response.status),
                      "the server answered " + std::to_string(response.status));
    error.retry_after = retry_after(response);
    if (response.status >= 300 && response.status < 400) {
        error.code = Code::unavailable;
        error.message += " and sends us to " + visible(response.header("location"));
        error.hint = "name that address with --server if you trust it";
        return error;
    }
    auto body = nlohmann::json::parse(response.body, nullptr, false);
    if (!body.is_object() || !body.contains("error"))
        return error;
    const auto& detail = body["error"];
    if (detail.is_string()) {
        error.message = detail.get<std::string>();
        return error;
    }
    if (!detail.is_object())
        return error;
    if (auto message = text_of(detail, "message"); !message.empty())
        error.message = message;
    error.param = text_of(detail, "param");
    auto code = text_of(detail, "code");
    auto type = text_of(detail, "type");
    if (auto known = code_from_name(code))
        error.code = *known;
    else if (auto provider = code_of_provider(code, type))
        error.code = *provider;
    return error;
}

}  // namespace obliv::client
