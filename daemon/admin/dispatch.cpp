#include "daemon/admin/dispatch.hpp"

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/http/head.hpp"
#include "core/http/uri.hpp"
#include "core/llm/wire_error.hpp"
#include "daemon/admin/routes.hpp"

namespace obliv::admin {
namespace {

constexpr std::size_t segment_bytes_max = 256;

/// Fits the segments of a path to those of a route, and takes what stands for its parameters.
bool fits(const std::vector<std::string>& path, std::string_view route, Request::Values& params) {
    auto wanted = split(route, '/');
    if (wanted.size() != path.size())
        return false;
    params.clear();
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            if (path[i].empty())
                return false;
            params.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), path[i]);
        } else if (path[i] != wanted[i]) {
            return false;
        }
    }
    return true;
}

/// Decoded after it was split, so that a model's name may hold an escaped slash.
Result<std::vector<std::string>> decoded_segments(std::string_view path) {
    std::vector<std::string> out;
    for (auto segment : split(path, '/')) {
        auto text = http::percent_decode(segment);
        if (!text || first_invalid_utf8(*text) || text->size() > segment_bytes_max)
            return fail(Code::invalid_request, "the path is not well-formed");
        out.push_back(*std::move(text));
    }
    return out;
}

Error no_such_method(const std::string& method, const std::string& allowed) {
    return fail(Code::method_not_allowed,
                visible(method.substr(0, 16)) + " is not possible here; use " + allowed);
}

Result<void> permit(const api::Operation& operation, const Caller& caller) {
    if (operation.access == api::Access::open)
        return ok();
    if (!caller.known())
        return fail(Code::unauthenticated,
                    "the management API needs a token: Authorization: Bearer sk-…");
    if (operation.access == api::Access::admin && !caller.admin())
        return fail(Code::forbidden,
                    "this token may call models, but only a token of role admin may manage");
    return ok();
}

Result<Reply> run(const Route& route, const Incoming& incoming, Request::Values params,
                  Host& host) {
    const auto& operation = route.operation;
    if (auto permitted = permit(operation, incoming.caller); !permitted)
        return permitted.error();
    Request request(incoming, operation, std::move(params));
    if (auto good = request.read_query(); !good)
        return good.error();
    if (operation.request.empty() && !incoming.body.empty() && incoming.body != "{}")
        return fail(Code::invalid_request, "this call takes no body");
    return route.handler(request, host);
}

Result<Reply> answer(const Incoming& incoming, Host& host, std::string& allowed) {
    auto segments = decoded_segments(incoming.path);
    if (!segments)
        return segments.error();
    for (const auto& route : routes()) {
        Request::Values params;
        if (!fits(*segments, route.operation.path, params))
            continue;
        if (route.operation.method != incoming.method) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(route.operation.method);
            continue;
        }
        return run(route, incoming, std::move(params), host);
    }
    // Whoever may not look around learns that first.
    if (!incoming.caller.known())
        return permit(api::Operation{}, incoming.caller).error();
    if (!allowed.empty())
        return no_such_method(incoming.method, allowed);
    return fail(Code::not_found,
                "there is no management call at this path; GET /openapi.json lists them all");
}

}  // namespace

bool owns(std::string_view path) noexcept {
    return path == "/openapi.json" || path == "/api" || path.starts_with("/api/") ||
           path.starts_with("/v1/dashboard/") || path.starts_with("/dashboard/");
}

Reply dispatch(const Incoming& incoming, Host& host) {
    std::string allowed;
    auto reply = answer(incoming, host, allowed);
    if (reply)
        return *std::move(reply);
    auto failed = error_reply(reply.error(), incoming.request_id);
    if (reply.error().code == Code::method_not_allowed)
        failed.headers.emplace_back("allow", http::allow_value(allowed));
    return failed;
}

Reply error_reply(const Error& error, std::string_view request_id) {
    Reply reply;
    reply.status = llm::status_of(llm::ErrorShape::management, error);
    reply.body = llm::error_body(llm::ErrorShape::management, error, request_id);
    if (error.retry_after) {
        auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
        reply.headers.emplace_back("retry-after", std::to_string(seconds));
    }
    return reply;
}

}  // namespace obliv::admin
