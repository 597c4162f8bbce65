#include "daemon/admin/admin.hpp"

#include "core/base/text.hpp"
#include "daemon/admin/dispatch.hpp"

namespace obliv::admin {
namespace {

/// No management call needs more; what is larger is a mistake, or worse.
constexpr std::size_t body_bytes_max = 1 << 20;

std::string_view bearer(std::string_view authorization) noexcept {
    constexpr std::string_view scheme = "bearer ";
    if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme))
        return {};
    return trim(authorization.substr(scheme.size()));
}

Error too_large() {
    return fail(Code::payload_too_large, "the body of a management call has at most 1 MiB");
}

std::vector<http::Header> headers_of(const Reply& reply) {
    std::vector<http::Header> headers;
    for (const auto& [name, value] : reply.headers) {
        http::Header header;
        header.name = name;
        header.value = value;
        headers.push_back(header);
    }
    return headers;
}

Incoming copy_of(const server::Exchange& exchange) {
    Incoming incoming;
    incoming.method = exchange.method();
    incoming.path = exchange.path();
    incoming.query = exchange.request().query;
    incoming.request_id = exchange.request_id();
    return incoming;
}

}  // namespace

Result<Caller> Admin::caller_of(const server::Exchange& exchange) const {
    Caller caller;
    const auto& peer = exchange.peer();
    caller.local = peer.is_unix && (peer.uid == 0 || peer.uid == own_uid_);
    auto key = bearer(exchange.request().headers.find("authorization").value_or(""));
    if (key.empty())
        return caller;
    auto token = gate_.authenticate(key);
    if (token)
        caller.token = *std::move(token);
    else if (!caller.local)
        return token.error();
    return caller;
}

loop::Task<Result<Reply>> Admin::answer(server::Exchange& exchange) {
    auto incoming = copy_of(exchange);
    auto caller = caller_of(exchange);
    if (!caller)
        co_return error_reply(caller.error(), incoming.request_id);
    incoming.caller = *std::move(caller);

    // Whoever is not known gets an answer, but no memory for a body.
    if (incoming.caller.known()) {
        auto body = co_await exchange.read_body();
        if (!body)
            co_return body.error();
        if (body->size() > body_bytes_max)
            co_return error_reply(too_large(), incoming.request_id);
        incoming.body = *body;
    }
    exchange.release_body();

    auto work = [&host = host_, given = incoming] { return dispatch(given, host); };
    auto reply = co_await loop::run_blocking(workers_, std::move(work));
    if (!reply)
        co_return error_reply(reply.error(), incoming.request_id);
    co_return *std::move(reply);
}

loop::Task<Result<void>> Admin::serve(server::Exchange& exchange) {
    auto reply = co_await answer(exchange);
    if (!reply)
        co_return reply.error();
    auto headers = headers_of(*reply);
    std::string_view type = reply->body.empty() ? "" : "application/json";
    co_return co_await exchange.reply(reply->status, type, headers, reply->body);
}

}  // namespace obliv::admin
