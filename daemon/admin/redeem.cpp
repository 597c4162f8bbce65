#include "core/base/random.hpp"
#include "core/base/time_format.hpp"
#include "core/ledger/redeem_text.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using storage::RedeemCode;
using storage::Session;

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + std::move(message));
    error.param = field;
    return error;
}

std::string_view state_of(const RedeemCode& code, WallTime now) {
    if (code.used_at)
        return "used";
    if (code.revoked_at)
        return "revoked";
    return code.expires_at && *code.expires_at <= now ? "expired" : "open";
}

Json time_or_null(const std::optional<WallTime>& time) {
    return time ? Json(rfc3339(*time)) : Json();
}

template <typename IdType>
Json id_or_null(IdType id) {
    return id ? Json(id.text()) : Json();
}

std::string code_json(const RedeemCode& code, WallTime now, const Secret* text = nullptr) {
    Json out{{"id", std::to_string(code.id)}};
    if (text != nullptr)
        out["code"] = std::string(text->reveal());
    out["prefix"] = code.prefix;
    out["batch"] = code.batch;
    out["amount"] = code.amount.text();
    out["state"] = state_of(code, now);
    out["created_at"] = rfc3339(code.created_at);
    out["expires_at"] = time_or_null(code.expires_at);
    out["credit_lasts"] = code.lasts ? Json(duration_text(*code.lasts)) : Json();
    out["revoked_at"] = time_or_null(code.revoked_at);
    out["used_at"] = time_or_null(code.used_at);
    out["account_id"] = id_or_null(code.account);
    out["token_id"] = id_or_null(code.token);
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What all codes of an order have in common.
Result<RedeemCode> pattern_of(const api::Body& body, WallTime now) {
    RedeemCode code;
    code.tenant = storage::first_tenant;
    code.created_at = now;
    code.amount = body.money("amount");
    if (code.amount <= Money{})
        return at("amount", "a code is worth more than zero");
    code.batch = body.set("batch") ? body.text("batch") : "b-" + new_sortable_id(now).substr(0, 16);
    if (body.set("expires_at"))
        code.expires_at = body.time("expires_at");
    if (code.expires_at && *code.expires_at <= now)
        return at("expires_at", "a time to come is expected");
    if (!body.set("credit_lasts"))
        return code;
    auto lasts = parse_duration(body.text("credit_lasts"));
    if (!lasts)
        return at("credit_lasts", lasts.error().message);
    if (lasts->count() <= 0)
        return at("credit_lasts", "more than nothing is expected");
    code.lasts = *lasts;
    return code;
}

/// Who gets the money: the caller's own account, or for an administrator any.
Result<storage::Account> receiver(const Request& request, const api::Body& body, Session& session) {
    const auto& caller = request.caller();
    if (body.set("account")) {
        if (!caller.admin())
            return fail(Code::forbidden, "account: this token redeems for its own account only");
        auto account = find_account(session, body.text("account"));
        if (!account)
            return at("account", account.error().message);
        return account;
    }
    if (!caller.token)
        return at("account", "say who gets the money: no token was given");
    return session.accounts().get(caller.token->token.account);
}

}  // namespace

Result<Reply> create_redeem_codes(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto pattern = pattern_of(*body, host.clock().wall());
    if (!pattern)
        return pattern.error();
    auto count = static_cast<std::size_t>(body->integer("count"));
    std::vector<RedeemCode> codes(count, *pattern);
    std::vector<Secret> texts;
    for (auto& code : codes) {
        const auto& text = texts.emplace_back(ledger::new_redeem_code());
        code.prefix = text.reveal().substr(0, ledger::redeem_prefix_length);
        code.digest = sha256(ledger::plain_redeem_code(text.reveal()).value_or(""));
    }
    auto stored = host.database().write(
        [&](Session& session) { return session.redeem_codes().insert(codes); });
    if (!stored)
        return stored.error();
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < count; ++i)
        rows.push_back(code_json(codes[i], pattern->created_at, &texts[i]));
    return Reply{201, list_json(rows, "")};
}

Result<Reply> list_redeem_codes(const Request& request, Host& host) {
    auto page = request.page("redeem_codes");
    if (!page)
        return page.error();
    storage::RedeemFilter filter;
    filter.batch = request.query("batch").value_or("");
    filter.prefix = request.query("prefix").value_or("");
    filter.state = request.query("state").value_or("");
    filter.now = host.clock().wall();
    const std::vector<std::string> states{"", "open", "used", "revoked", "expired"};
    if (std::find(states.begin(), states.end(), filter.state) == states.end())
        return at("state", "one of open, used, revoked and expired is expected");
    auto found = host.database().read(
        [&](Session& session) { return session.redeem_codes().page(filter, *page); });
    if (!found)
        return found.error();
    std::vector<std::string> rows;
    for (const auto& code : found->rows)
        rows.push_back(code_json(code, filter.now));
    return Reply{200, list_json(rows, "redeem_codes", found->next)};
}

Result<Reply> revoke_redeem_codes(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    if (body->set("id") == body->set("batch"))
        return at("id", "either the id of a code or a batch is expected");
    auto now = host.clock().wall();
    auto count = host.database().write([&](Session& session) {
        if (body->set("batch"))
            return session.redeem_codes().revoke_batch(body->text("batch"), now);
        return session.redeem_codes().revoke(parse_int(body->text("id")).value_or(0), now);
    });
    if (!count)
        return count.error();
    if (*count == 0)
        return fail(Code::not_found, "no unused code fits");
    return Reply{200, "{\"revoked\":" + std::to_string(*count) + "}"};
}

Result<Reply> use_redeem_code(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto account =
        host.database().read([&](Session& session) { return receiver(request, *body, session); });
    if (!account)
        return account.error();
    const auto& caller = request.caller();
    auto token = caller.token && !body->set("account") ? caller.token->token.id : TokenId{};
    auto transfer = host.redeem(body->text("code"), account->id, token);
    if (!transfer)
        return transfer.error();
    return Reply{200, "{\"transfer\":" + transfer_json(*transfer) +
                          ",\"account\":" + account_json(*account, host) + "}"};
}

}  // namespace obliv::admin
