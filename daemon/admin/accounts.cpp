#include "core/base/random.hpp"
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

Result<void> apply(const api::Body& body, Account& account) {
    if (body.set("name"))
        account.name = body.text("name");
    if (body.set("kind"))
        account.kind = kind_from(body.text("kind"));
    if (body.has("credit_limit"))
        account.credit_limit = body.set("credit_limit") ? body.money("credit_limit") : Money{};
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

using Move = Result<storage::Transfer> (Host::*)(AccountId, Money, std::string, std::string);

/// Moves money as the body says and shows the transfer with the account after it.
Result<Reply> move_money(const Request& request, Host& host, const api::Body& body, Move move) {
    auto account =
        host.database().read([&](Session& session) { return find_payer(request, session); });
    if (!account)
        return account.error();
    auto operation = text_or(body, "operation_id", new_sortable_id(host.clock().wall()));
    auto transfer = (host.*move)(account->id, body.money("amount"), std::move(operation),
                                 text_or(body, "reason", ""));
    if (!transfer)
        return transfer.error();
    return Reply{200, "{\"transfer\":" + transfer_json(*transfer) +
                          ",\"account\":" + account_json(*account, host) + "}"};
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
    if (auto published = host.publish_accounts(); !published)
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
    if (auto published = host.publish_accounts(); !published)
        return published.error();
    return Reply{200, account_json(*account, host)};
}

Result<Reply> topup_account(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    if (body->money("amount") <= Money{})
        return at("amount", "a top-up is more than zero; take money back by adjust");
    return move_money(request, host, *body, &Host::topup);
}

Result<Reply> adjust_account(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    if (body->money("amount") == Money{})
        return at("amount", "an adjustment is not zero");
    return move_money(request, host, *body, &Host::adjust);
}

}  // namespace obliv::admin
