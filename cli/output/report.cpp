#include "cli/output/report.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::cli {
namespace {

std::string one_line(std::string_view text) {
    auto line = visible(text);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return line;
}

}  // namespace

std::string error_name(Code code) {
    if (code == Code::quota_exhausted)
        return "limited.quota";
    if (code == Code::rate_limited)
        return "limited.rate";
    const auto& row = info(code);
    if (row.exit_name == row.name || code == Code::config_invalid)
        return std::string(row.exit_name);
    return std::string(row.exit_name) + "." + std::string(row.name);
}

std::string error_text(const Error& error, const ReplyFacts& facts) {
    auto text = "obliv: " + one_line(error.message) + "\n";
    if (!error.hint.empty())
        text += "  hint: " + one_line(error.hint) + "\n";
    if (!facts.request_id.empty())
        text += "  request: " + one_line(facts.request_id) + "\n";
    return text;
}

Json error_json(const Error& error, const ReplyFacts& facts) {
    auto or_null = [](const std::string& text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    Json body;
    body["code"] = error_name(error.code);
    body["message"] = error.message;
    body["hint"] = or_null(error.hint);
    body["retryable"] = info(error.code).retryable;
    body["retry_after_ms"] = error.retry_after ? Json(error.retry_after->count()) : Json(nullptr);
    body["http_status"] = facts.http_status ? Json(facts.http_status) : Json(nullptr);
    body["request_id"] = or_null(facts.request_id);
    body["exit"] = info(error.code).exit_code;
    return Json{{"error", std::move(body)}};
}

}  // namespace obliv::cli
