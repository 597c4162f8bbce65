#include "core/base/random.hpp"
#include "core/base/secret.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/patterns.hpp"
#include "daemon/admin/render.hpp"

namespace obliv::admin {
namespace {

using storage::CacheUse;
using storage::Session;
using storage::Token;

Error at(std::string_view field, Error error) {
    error.param = field;
    return error;
}

int count_or_none(const api::Body& body, std::string_view field) {
    return body.set(field) ? static_cast<int>(body.integer(field)) : 0;
}

/// The schema lets no other word through.
CacheUse cache_use_of(std::string_view word) {
    if (word == "exact")
        return CacheUse::exact;
    return word == "semantic" ? CacheUse::semantic : CacheUse::off;
}

/// The account that a change names, or the administrator's.
Result<AccountId> payer(const api::Body& body, Session& session) {
    if (!body.set("account"))
        return storage::admin_account;
    auto account = find_account(session, body.text("account"));
    if (!account)
        return at("account", std::move(account.error()).in("account"));
    if (account->kind == storage::AccountKind::system)
        return at("account", fail(Code::invalid_request,
                                  "account: the account '" + account->name +
                                      "' belongs to the books and cannot pay for calls"));
    return account->id;
}

Result<void> apply_limits(const api::Body& body, Token& token, WallTime now) {
    if (body.has("budget"))
        token.budget = body.set("budget") ? std::optional(body.money("budget")) : std::nullopt;
    if (body.has("expires_at"))
        token.expires_at =
            body.set("expires_at") ? std::optional(body.time("expires_at")) : std::nullopt;
    if (body.set("expires_at") && *token.expires_at <= now)
        return at("expires_at",
                  fail(Code::invalid_request,
                       "expires_at: this time has passed; revoke the token to end it now"));
    if (body.has("requests_per_minute"))
        token.requests_per_minute = count_or_none(body, "requests_per_minute");
    if (body.has("concurrent_max"))
        token.concurrent_max = count_or_none(body, "concurrent_max");
    if (body.has("cache"))
        token.cache = body.set("cache") ? cache_use_of(body.text("cache")) : CacheUse::by_model;
    return ok();
}

Result<void> apply(const api::Body& body, Token& token, Session& session, WallTime now) {
    if (body.set("name"))
        token.name = body.text("name");
    if (body.has("group"))
        token.group = body.set("group") ? body.text("group") : "default";
    if (body.has("models"))
        token.models = body.set("models") ? body.texts("models") : std::vector<std::string>{};
    if (auto good = check_patterns(token.models); !good)
        return good.error();
    if (body.has("account") || !token.account) {
        auto account = payer(body, session);
        if (!account)
            return account.error();
        token.account = *account;
    }
    return apply_limits(body, token, now);
}

void give_key(Token& token, const Secret& key) {
    token.digest = sha256(key.reveal());
    token.hint = key.hint();
}

/// Changes the token that the path names, publishes it and shows it.
template <typename Change>
Result<Reply> changed(const Request& request, Host& host, const Secret* key, Change&& change) {
    auto token = host.database().write([&](Session& session) -> Result<Token> {
        auto row = find_token(session, request.param("id"));
        if (!row)
            return row.error();
        if (auto good = change(*row, session); !good)
            return good.error();
        if (auto stored = session.tokens().update(*row); !stored)
            return stored.error();
        return *std::move(row);
    });
    if (!token)
        return token.error();
    if (auto published = host.publish_token(token->id); !published)
        return published.error();
    return Reply{200, token_json(*token, host, key)};
}

}  // namespace

Result<Reply> list_tokens(const Request& request, Host& host) {
    auto page = request.page("tokens");
    if (!page)
        return page.error();
    auto tokens =
        host.database().read([&](Session& session) { return session.tokens().page(*page); });
    if (!tokens)
        return tokens.error();
    std::vector<std::string> rows;
    for (const auto& token : tokens->rows)
        rows.push_back(token_json(token, host));
    return Reply{200, list_json(rows, "tokens", tokens->next)};
}

Result<Reply> create_token(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto now = host.clock().wall();
    auto key = new_api_key();
    Token token;
    token.tenant = storage::first_tenant;
    token.user = storage::first_user;
    if (body->set("role") && body->text("role") == "admin")
        token.role = storage::TokenRole::admin;
    give_key(token, key);
    auto stored = host.database().write([&](Session& session) -> Result<Token> {
        if (auto good = apply(*body, token, session, now); !good)
            return good.error();
        auto id = session.tokens().insert(token);
        if (!id)
            return id.error();
        return session.tokens().get(*id);
    });
    if (!stored)
        return stored.error();
    if (auto published = host.publish_token(stored->id); !published)
        return published.error();
    return Reply{201, token_json(*stored, host, &key)};
}

Result<Reply> get_token(const Request& request, Host& host) {
    auto token = host.database().read(
        [&](Session& session) { return find_token(session, request.param("id")); });
    if (!token)
        return token.error();
    return Reply{200, token_json(*token, host)};
}

Result<Reply> change_token(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto now = host.clock().wall();
    return changed(request, host, nullptr, [&](Token& token, Session& session) {
        return apply(*body, token, session, now);
    });
}

Result<Reply> remove_token(const Request& request, Host& host) {
    auto removed = host.database().write([&](Session& session) -> Result<TokenId> {
        auto row = find_token(session, request.param("id"));
        if (!row)
            return row.error();
        if (auto hidden = session.tokens().remove(row->id); !hidden)
            return hidden.error();
        return row->id;
    });
    if (!removed)
        return removed.error();
    if (auto published = host.publish_token(*removed); !published)
        return published.error();
    return Reply{204};
}

Result<Reply> rotate_token(const Request& request, Host& host) {
    auto key = new_api_key();
    return changed(request, host, &key, [&](Token& token, Session&) {
        give_key(token, key);
        return ok();
    });
}

Result<Reply> revoke_token(const Request& request, Host& host) {
    auto now = host.clock().wall();
    return changed(request, host, nullptr, [&](Token& token, Session&) {
        if (!token.revoked_at)
            token.revoked_at = now;
        return ok();
    });
}

Result<Reply> restore_token(const Request& request, Host& host) {
    return changed(request, host, nullptr, [](Token& token, Session&) {
        token.revoked_at.reset();
        return ok();
    });
}

}  // namespace obliv::admin
