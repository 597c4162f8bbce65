#include "core/base/time_format.hpp"
#include "core/llm/pattern.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using storage::Budget;
using storage::BudgetScope;
using storage::Session;

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + std::move(message));
    error.param = field;
    return error;
}

std::string_view name_of(BudgetScope scope) {
    switch (scope) {
    case BudgetScope::token:
        return "token";
    case BudgetScope::user:
        return "user";
    case BudgetScope::account:
        return "account";
    case BudgetScope::everyone:
        break;
    }
    return "everyone";
}

BudgetScope scope_from(std::string_view name) {
    for (auto scope : {BudgetScope::token, BudgetScope::user, BudgetScope::account})
        if (name == name_of(scope))
            return scope;
    return BudgetScope::everyone;
}

/// The id of whom a new budget is about.
Result<std::int64_t> subject_of(const api::Body& body, BudgetScope scope, Session& session) {
    bool named = body.set("of");
    if (scope == BudgetScope::everyone) {
        if (named)
            return at("of", "a budget of everyone is of nobody else");
        return 0;
    }
    if (!named)
        return at("of", "say of whom: an id or a name");
    auto reference = body.text("of");
    if (scope == BudgetScope::token) {
        auto token = find_token(session, reference);
        return token ? Result(token->id.value) : at("of", token.error().message);
    }
    if (scope == BudgetScope::account) {
        auto account = find_account(session, reference);
        if (account && account->kind == storage::AccountKind::system)
            return at("of", "this account belongs to the books and pays for no calls");
        return account ? Result(account->id.value) : at("of", account.error().message);
    }
    UserId user{parse_int(reference).value_or(0)};
    auto there = session.budgets().has_user(user);
    if (!there)
        return there.error();
    return *there ? Result(user.value) : at("of", "there is no user with this id");
}

Result<Budget> budget_of(const api::Body& body, Session& session) {
    Budget budget;
    budget.tenant = storage::first_tenant;
    budget.scope = scope_from(body.text("scope"));
    budget.period =
        body.text("period") == "day" ? ledger::PeriodKind::day : ledger::PeriodKind::month;
    budget.amount = body.money("amount");
    if (body.set("model")) {
        budget.model = body.text("model");
        if (auto pattern = llm::ModelPattern::parse(budget.model); !pattern)
            return at("model", pattern.error().message);
    }
    auto subject = subject_of(body, budget.scope, session);
    if (!subject)
        return subject.error();
    budget.subject = *subject;
    return budget;
}

Result<Budget> find(const Request& request, Session& session) {
    return session.budgets().get(storage::BudgetId{parse_int(request.param("id")).value_or(0)});
}

/// What every loop must see before the caller is answered.
Result<Reply> published(int status, const Budget& budget, Host& host) {
    if (auto done = host.publish_tokens(); !done)
        return done.error();
    return Reply{status, budget_json(budget, host)};
}

}  // namespace

std::string budget_json(const Budget& budget, Host& host) {
    auto state = host.budget_state(budget.id);
    auto figures = state ? state->figures : ledger::BalanceFigures{{}, budget.amount, {}, {}};
    auto id = std::to_string(budget.subject);
    Json out{{"id", budget.id.text()},
             {"scope", name_of(budget.scope)},
             {"of", budget.subject == 0 ? Json() : Json(id)},
             {"model", budget.model.empty() ? Json() : Json(budget.model)},
             {"period", ledger::name_of(budget.period)},
             {"amount", budget.amount.text()},
             {"spent", figures.spent.text()},
             {"held", figures.held.text()},
             {"left", figures.available.text()},
             {"begins_at", state ? Json(rfc3339(state->period.begin)) : Json()},
             {"resets_at", state ? Json(rfc3339(state->period.end)) : Json()},
             {"time_zone", state ? state->time_zone : "UTC"},
             {"created_at", rfc3339(budget.created_at)}};
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Reply> list_budgets(const Request&, Host& host) {
    auto budgets = host.database().read([](Session& session) { return session.budgets().all(); });
    if (!budgets)
        return budgets.error();
    std::vector<std::string> rows;
    for (const auto& budget : *budgets)
        rows.push_back(budget_json(budget, host));
    return Reply{200, list_json(rows, "")};
}

Result<Reply> create_budget(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto stored = host.database().write([&](Session& session) -> Result<Budget> {
        auto budget = budget_of(*body, session);
        if (!budget)
            return budget.error();
        auto id = session.budgets().insert(*budget);
        if (!id)
            return id.error();
        return session.budgets().get(*id);
    });
    return stored ? published(201, *stored, host) : Result<Reply>(stored.error());
}

Result<Reply> get_budget(const Request& request, Host& host) {
    auto budget = host.database().read([&](Session& session) { return find(request, session); });
    if (!budget)
        return budget.error();
    return Reply{200, budget_json(*budget, host)};
}

Result<Reply> change_budget(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto changed = host.database().write([&](Session& session) -> Result<Budget> {
        auto budget = find(request, session);
        if (!budget)
            return budget.error();
        budget->amount = body->money("amount");
        if (auto done = session.budgets().set_amount(budget->id, budget->amount); !done)
            return done.error();
        return budget;
    });
    return changed ? published(200, *changed, host) : Result<Reply>(changed.error());
}

Result<Reply> remove_budget(const Request& request, Host& host) {
    auto removed = host.database().write([&](Session& session) -> Result<void> {
        auto budget = find(request, session);
        return budget ? session.budgets().remove(budget->id) : Result<void>(budget.error());
    });
    if (!removed)
        return removed.error();
    if (auto done = host.publish_tokens(); !done)
        return done.error();
    return Reply{204};
}

}  // namespace obliv::admin
