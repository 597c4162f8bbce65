#include "core/storage/budget_match.hpp"
#include "daemon/admin/dispatch.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"
#include "daemon/admin/routes.hpp"

namespace obliv::admin {

namespace {

/// Those that count the calls of the caller's token.
Result<std::vector<std::string>> own_budgets(const Caller& caller, Host& host) {
    std::vector<std::string> rows;
    if (!caller.token)
        return rows;
    auto budgets =
        host.database().read([](storage::Session& session) { return session.budgets().all(); });
    if (!budgets)
        return budgets.error();
    for (const auto& budget : *budgets)
        if (storage::counts(budget, caller.token->token))
            rows.push_back(budget_json(budget, host));
    return rows;
}

}  // namespace

Result<Reply> who_am_i(const Request& request, Host& host) {
    const auto& caller = request.caller();
    std::string token = "null";
    std::string account = "null";
    if (caller.token) {
        const auto& own = caller.token->token;
        auto row = host.database().read(
            [&](storage::Session& session) { return session.accounts().get(own.account); });
        if (!row)
            return row.error();
        token = token_json(own, host);
        account = account_json(*row, host);
    }
    auto budgets = own_budgets(caller, host);
    if (!budgets)
        return budgets.error();
    std::string role = caller.admin() ? "admin" : "relay";
    std::string via = caller.local ? "socket" : "token";
    return Reply{200, "{\"role\":\"" + role + "\",\"via\":\"" + via + "\",\"token\":" + token +
                          ",\"account\":" + account + ",\"budgets\":" + joined(*budgets) + "}"};
}

Result<Reply> show_status(const Request&, Host& host) {
    return Reply{200, status_json(host.status(), *host.channels())};
}

Result<Reply> reload(const Request& request, Host& host) {
    auto needs_restart = host.reload();
    if (needs_restart)
        return Reply{200, "{\"ok\":true,\"needs_restart\":" + texts_json(*needs_restart) + "}"};
    auto reply = error_reply(needs_restart.error(), request.request_id());
    // The old configuration stays in force: it is the new one that is at fault, not the daemon.
    if (needs_restart.error().code == Code::config_invalid)
        reply.status = 422;
    return reply;
}

Result<Reply> drain(const Request&, Host& host) {
    host.drain();
    return Reply{202};
}

Result<Reply> set_log_level(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto name = body->text("level");
    log::Level level{};
    if (!log::level_from_name(name, level))
        return fail(Code::internal, "the schema allows a log level that the log does not know");
    host.set_log_level(level);
    return Reply{200, "{\"level\":" + text_json(name) + "}"};
}

Result<Reply> show_openapi(const Request&, Host&) {
    return Reply{200, openapi()};
}

}  // namespace obliv::admin
