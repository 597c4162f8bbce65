#include "core/base/random.hpp"
#include "core/base/time_zone.hpp"
#include "core/llm/pattern.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

namespace obliv::admin {
namespace {

using storage::Account;
using storage::AccountKind;
using storage::Session;

AccountKind kind_from(std::string_view name) {
    if (name == "unlimited")
        return AccountKind::unlimited;
    return name == "credit" ? AccountKind::credit : AccountKind::prepaid;
}

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + std::move(message));
    error.param = field;
    return error;
}

Error not_a_payer(const Account& account) {
    return fail(Code::forbidden,
                "the account '" + account.name + "' belongs to the books and cannot be changed");
}

Result<void> apply_degraded(const api::Body& body, storage::Degraded& degraded) {
    auto take = [&](std::string_view field, int& limit) {
        if (body.has(field))
            limit = body.set(field) ? static_cast<int>(body.integer(field)) : 0;
    };
    take("degraded_requests_per_minute", degraded.requests_per_minute);
    take("degraded_concurrent_max", degraded.concurrent_max);
    if (body.clear("degraded_models"))
        degraded.models.clear();
    if (!body.set("degraded_models"))
        return ok();
    degraded.models = body.pairs("degraded_models");
    for (const auto& [asked, instead] : degraded.models)
        if (auto pattern = llm::ModelPattern::parse(asked); !pattern)
            return at("degraded_models", pattern.error().message);
    return ok();
}

Result<void> apply(const api::Body& body, Account& account) {
    if (body.set("name"))
        account.name = body.text("name");
    if (body.set("kind"))
        account.kind = kind_from(body.text("kind"));
    if (body.has("credit_limit"))
        account.credit_limit = body.set("credit_limit") ? body.money("credit_limit") : Money{};
    if (body.has("time_zone"))
        account.time_zone = body.set("time_zone") ? body.text("time_zone") : "UTC";
    if (auto zone = TimeZone::open(account.time_zone); !zone)
        return at("time_zone", zone.error().message);
    if (auto good = apply_degraded(body, account.degraded); !good)
        return good;
    if (account.kind == AccountKind::credit)
        return ok();
    if (body.set("credit_limit") && account.credit_limit != Money{})
        return at("credit_limit", "only an account of kind credit has one");
    account.credit_limit = Money{};
    return ok();
}

Result<Account> find_payer(const Request& request, Session& session) {
    auto account = find_account(session, request.param("id"));
    if (account && account->kind == AccountKind::system)
        return not_a_payer(*account);
    return account;
}

std::string text_or(const api::Body& body, std::string_view field, std::string other) {
    return body.set(field) && !body.text(field).empty() ? body.text(field) : std::move(other);
}

/// What every movement of money may say of itself.
struct Words {
    std::string operation_id;
    std::string reason;
};
Words words_of(const api::Body& body, Host& host) {
    return {text_or(body, "operation_id", new_sortable_id(host.clock().wall())),
            text_or(body, "reason", "")};
}

Result<Account> payer(const Request& request, Host& host) {
    return host.database().read([&](Session& session) { return find_payer(request, session); });
}

/// The transfer, and the account after it.
Result<Reply> moved(const Result<storage::Transfer>& transfer, const Account& account, Host& host) {
    if (!transfer)
        return transfer.error();
    return Reply{200, "{\"transfer\":" + transfer_json(*transfer) +
                          ",\"account\":" + account_json(account, host) + "}"};
}

}  // namespace

Result<Reply> list_accounts(const Request& request, Host& host) {
    auto page = request.page("accounts");
    if (!page)
        return page.error();
    auto accounts =
        host.database().read([&](Session& session) { return session.accounts().page(*page); });
    if (!accounts)
        return accounts.error();
    std::vector<std::string> rows;
    for (const auto& account : accounts->rows)
        rows.push_back(account_json(account, host));
    return Reply{200, list_json(rows, "accounts", accounts->next)};
}

Result<Reply> create_account(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    Account account;
    account.tenant = storage::first_tenant;
    if (auto good = apply(*body, account); !good)
        return good.error();
    auto stored = host.database().write([&](Session& session) -> Result<Account> {
        auto id = session.accounts().insert(account);
        if (!id)
            return id.error();
        return session.accounts().get(*id);
    });
    if (!stored)
        return stored.error();
    if (auto published = host.publish_account(stored->id); !published)
        return published.error();
    return Reply{201, account_json(*stored, host)};
}

Result<Reply> get_account(const Request& request, Host& host) {
    auto account = host.database().read(
        [&](Session& session) { return find_account(session, request.param("id")); });
    if (!account)
        return account.error();
    return Reply{200, account_json(*account, host)};
}

Result<Reply> change_account(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto account = host.database().write([&](Session& session) -> Result<Account> {
        auto row = find_payer(request, session);
        if (!row)
            return row.error();
        if (auto good = apply(*body, *row); !good)
            return good.error();
        if (auto stored = session.accounts().update(*row); !stored)
            return stored.error();
        return *std::move(row);
    });
    if (!account)
        return account.error();
    if (auto published = host.publish_account(account->id); !published)
        return published.error();
    return Reply{200, account_json(*account, host)};
}

Result<Reply> topup_account(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto amount = body->money("amount");
    if (amount <= Money{})
        return at("amount", "a top-up is more than zero; take money back by adjust");
    std::optional<WallTime> expires_at;
    if (body->set("expires_at"))
        expires_at = body->time("expires_at");
    if (expires_at && *expires_at <= host.clock().wall())
        return at("expires_at", "a time to come is expected");
    auto account = payer(request, host);
    if (!account)
        return account.error();
    auto words = words_of(*body, host);
    auto transfer = host.topup(account->id, amount, std::move(words.operation_id),
                               std::move(words.reason), expires_at);
    return moved(transfer, *account, host);
}

Result<Reply> adjust_account(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto amount = body->money("amount");
    if (amount == Money{})
        return at("amount", "an adjustment is not zero");
    auto account = payer(request, host);
    if (!account)
        return account.error();
    auto words = words_of(*body, host);
    auto transfer =
        host.adjust(account->id, amount, std::move(words.operation_id), std::move(words.reason));
    return moved(transfer, *account, host);
}

Result<Reply> transfer_money(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto amount = body->money("amount");
    if (amount <= Money{})
        return at("amount", "a transfer is more than zero");
    auto source = payer(request, host);
    if (!source)
        return source.error();
    auto target = host.database().read(
        [&](Session& session) { return find_account(session, body->text("to")); });
    if (!target)
        return at("to", target.error().message);
    if (target->kind == AccountKind::system)
        return not_a_payer(*target);
    if (target->id == source->id)
        return at("to", "a transfer goes from one account to another");
    auto words = words_of(*body, host);
    auto transfer = host.transfer(source->id, target->id, amount, std::move(words.operation_id),
                                  std::move(words.reason));
    return moved(transfer, *source, host);
}

Result<Reply> list_lots(const Request& request, Host& host) {
    auto account = payer(request, host);
    if (!account)
        return account.error();
    auto lots = host.lots(account->id);
    if (!lots)
        return lots.error();
    std::vector<std::string> rows;
    for (const auto& lot : *lots)
        rows.push_back(lot_json(lot));
    return Reply{200, list_json(rows, "")};
}

}  // namespace obliv::admin
