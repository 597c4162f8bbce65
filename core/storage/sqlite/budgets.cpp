#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view select_budget =
    "SELECT id, tenant, scope, subject, model, period, amount, created_at FROM budget ";

void read_budget(Query& query, Budget& row) {
    query.read(row.id, row.tenant, row.scope, row.subject, row.model, row.period, row.amount,
               row.created_at);
}

std::string select(std::string_view rest) {
    return std::string(select_budget) + std::string(rest);
}

}  // namespace

Result<std::vector<Budget>> SqliteBudgets::all() {
    Query query(context_.connection, select("ORDER BY id"));
    return read_all<Budget>(query, read_budget);
}

Result<Budget> SqliteBudgets::get(BudgetId id) {
    Query query(context_.connection, select("WHERE id = ?"));
    query.bind(id);
    return read_one<Budget>(query, "budget " + id.text(), read_budget);
}

Result<BudgetId> SqliteBudgets::insert(const Budget& row) {
    auto done =
        Query(context_.connection, "INSERT INTO budget (tenant, scope, subject, model, period, "
                                   "amount, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(row.tenant, row.scope, row.subject, row.model, row.period, row.amount,
                  context_.clock.wall())
            .run();
    if (!done && done.error().code == Code::conflict)
        return fail(Code::conflict, "there is a budget for the same calls and period already");
    if (!done)
        return done.error();
    return BudgetId{context_.connection.last_id()};
}

Result<void> SqliteBudgets::set_amount(BudgetId id, Money amount) {
    auto done = Query(context_.connection, "UPDATE budget SET amount = ? WHERE id = ?")
                    .bind(amount, id)
                    .run();
    return changed_one(context_.connection, std::move(done), "budget " + id.text());
}

Result<void> SqliteBudgets::remove(BudgetId id) {
    auto done = Query(context_.connection, "DELETE FROM budget WHERE id = ?").bind(id).run();
    return changed_one(context_.connection, std::move(done), "budget " + id.text());
}

Result<bool> SqliteBudgets::has_user(UserId user) {
    Query query(context_.connection, "SELECT 1 FROM user WHERE id = ?");
    query.bind(user);
    return query.step();
}

}  // namespace obliv::storage::sqlite
