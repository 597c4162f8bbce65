// Budgets of days and months: what calls read of them, made from the store.

#include "core/base/log.hpp"
#include "core/storage/budget_match.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/billing/period_budget.hpp"

#include <map>

namespace obliv::billing {
namespace {

using storage::Budget;
using storage::BudgetScope;
using storage::Session;

/// Everything that budgets depend on, as it was at one moment.
struct Rows {
    std::vector<Budget> budgets;
    std::vector<storage::Token> tokens;
    std::vector<storage::Account> accounts;
};

Result<Rows> read_rows(Session& session) {
    Rows rows;
    auto budgets = session.budgets().all();
    if (!budgets)
        return budgets.error();
    rows.budgets = std::move(*budgets);
    if (rows.budgets.empty())
        return rows;
    auto tokens = session.tokens().all();
    if (!tokens)
        return tokens.error();
    rows.tokens = std::move(*tokens);
    auto accounts = session.accounts().all();
    if (!accounts)
        return accounts.error();
    rows.accounts = std::move(*accounts);
    return rows;
}

/// By the clocks of the account that it is about; UTC where it is about none.
std::string zone_of(const Budget& budget, const Rows& rows) {
    AccountId payer;
    if (budget.scope == BudgetScope::account)
        payer.value = budget.subject;
    for (const auto& token : rows.tokens)
        if (budget.scope == BudgetScope::token && token.id.value == budget.subject)
            payer = token.account;
    for (const auto& account : rows.accounts) {
        bool own = budget.scope == BudgetScope::user && account.user.value == budget.subject;
        if (own || account.id == payer)
            return account.time_zone;
    }
    return "UTC";
}

TimeZone open_zone(const std::string& name) {
    auto zone = TimeZone::open(name);
    if (zone)
        return *zone;
    log::write_limited(log::Level::err, "time_zone",
                       "a budget goes by UTC: the clocks of its account are not known",
                       {{"error", zone.error().message}});
    return TimeZone::utc();
}

Result<Money> spent_of(Session& session, const Budget& budget, WallTime since) {
    storage::UsageFilter filter;
    filter.since = since;
    if (budget.scope == BudgetScope::token)
        filter.token.value = budget.subject;
    if (budget.scope == BudgetScope::user)
        filter.user.value = budget.subject;
    if (budget.scope == BudgetScope::account)
        filter.account.value = budget.subject;
    auto sums = session.usage().report(filter, {storage::UsageKey::model});
    if (!sums)
        return sums.error();
    auto pattern = llm::ModelPattern::parse(budget.model);
    Money spent;
    for (const auto& group : *sums)
        if (budget.model.empty() || (pattern && pattern->matches(group.key.front())))
            spent += group.cost;
    return spent;
}

}  // namespace

std::shared_ptr<const PeriodBudgets> periods_of(const storage::Token& token,
                                                const PeriodBudgets& budgets) {
    PeriodBudgets mine;
    for (const auto& budget : budgets)
        if (storage::counts(budget->row(), token))
            mine.push_back(budget);
    return mine.empty() ? nullptr : std::make_shared<const PeriodBudgets>(std::move(mine));
}

/// Under refresh_mutex_. What is counted already goes on; what is new begins with what the rows
/// say.
Result<void> Books::refresh_budgets() {
    auto rows = database_.read(read_rows);
    if (!rows)
        return rows.error();
    auto before = view();
    if (rows->budgets.empty() && before->budgets.empty())
        return ok();
    std::map<std::int64_t, std::shared_ptr<PeriodBudget>> known;
    for (const auto& budget : before->budgets)
        known[budget->row().id.value] = budget;
    auto now = options_.clock->wall();
    PeriodBudgets budgets;
    for (const auto& row : rows->budgets) {
        auto zone_name = zone_of(row, *rows);
        if (auto old = known[row.id.value]; old && old->take_over(row, zone_name)) {
            budgets.push_back(std::move(old));
            continue;
        }
        auto zone = open_zone(zone_name);
        auto since = ledger::period_of(row.period, zone, now).begin;
        auto spent =
            database_.read([&](Session& session) { return spent_of(session, row, since); });
        if (!spent)
            return spent.error();
        budgets.push_back(std::make_shared<PeriodBudget>(row, zone_name, zone, now, *spent));
    }
    publish([&](BooksView& next) {
        auto count_by = [&](TokenId id, std::shared_ptr<const PeriodBudgets> periods) {
            const auto* found = next.tokens.find(id);
            if (found == nullptr)
                return;
            auto token = *found;
            token.periods = std::move(periods);
            next.tokens.set(id, std::move(token));
        };
        before->tokens.each([&](TokenId id, const auto& token) {
            if (token.periods)
                count_by(id, nullptr);
        });
        for (const auto& token : rows->tokens)
            if (auto mine = periods_of(token, budgets))
                count_by(token.id, std::move(mine));
        next.budgets = std::move(budgets);
    });
    return ok();
}

std::shared_ptr<PeriodBudget> Books::budget(storage::BudgetId id) const {
    auto now = view();
    for (const auto& budget : now->budgets)
        if (budget->row().id == id)
            return budget;
    return nullptr;
}

}  // namespace obliv::billing
