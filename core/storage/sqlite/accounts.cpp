#include "core/storage/sqlite/lists.hpp"
#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view select_account =
    "SELECT id, tenant, user, name, kind, credit_limit, balance, created_at, "
    "time_zone, degraded_models, degraded_requests, degraded_concurrent FROM account ";

void read_account(Query& query, Account& row) {
    std::string models;
    query.read(row.id, row.tenant, row.user, row.name, row.kind, row.credit_limit, row.balance,
               row.created_at, row.time_zone, models, row.degraded.requests_per_minute,
               row.degraded.concurrent_max);
    row.degraded.models = map_from_json(models);
}

std::string select(std::string_view rest) {
    return std::string(select_account) + std::string(rest);
}

}  // namespace

Result<std::vector<Account>> SqliteAccounts::all() {
    Query query(context_.connection, select("ORDER BY id"));
    return read_all<Account>(query, read_account);
}

Result<Page<Account>> SqliteAccounts::page(const PageRequest& request) {
    PageBounds bounds(request);
    Query query(context_.connection, select("WHERE id > ? AND id < ?") + std::string(bounds.order));
    query.bind(bounds.above, bounds.below, bounds.rows);
    return read_page<Account>(query, bounds, read_account,
                              [](const Account& row) { return row.id.value; });
}

Result<Account> SqliteAccounts::get(AccountId id) {
    Query query(context_.connection, select("WHERE id = ?"));
    query.bind(id);
    return read_one<Account>(query, "account " + id.text(), read_account);
}

Result<Account> SqliteAccounts::find(std::string_view name) {
    Query query(context_.connection, select("WHERE name = ? ORDER BY id LIMIT 1"));
    query.bind(name);
    return read_one<Account>(query, "account " + std::string(name), read_account);
}

Result<AccountId> SqliteAccounts::insert(const Account& row) {
    auto done =
        Query(context_.connection,
              "INSERT INTO account (tenant, user, name, kind, credit_limit, created_at, time_zone, "
              "degraded_models, degraded_requests, degraded_concurrent) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(row.tenant, row.user, row.name, row.kind, row.credit_limit, context_.clock.wall(),
                  row.time_zone, to_json(row.degraded.models), row.degraded.requests_per_minute,
                  row.degraded.concurrent_max)
            .run();
    done = named(std::move(done), "account", row.name);
    if (!done)
        return done.error();
    return AccountId{context_.connection.last_id()};
}

Result<void> SqliteAccounts::update(const Account& row) {
    auto done =
        Query(context_.connection,
              "UPDATE account SET name = ?, kind = ?, credit_limit = ?, time_zone = ?, "
              "degraded_models = ?, degraded_requests = ?, degraded_concurrent = ? "
              "WHERE id = ?")
            .bind(row.name, row.kind, row.credit_limit, row.time_zone, to_json(row.degraded.models),
                  row.degraded.requests_per_minute, row.degraded.concurrent_max, row.id)
            .run();
    return changed_one(context_.connection, named(std::move(done), "account", row.name),
                       "account " + row.id.text());
}

Result<void> named(Result<void> done, std::string_view kind, std::string_view name) {
    if (done || done.error().code != Code::conflict)
        return done;
    // The engine's words name columns; people named a thing.
    auto text = done.error().message;
    if (text.find("UNIQUE") == std::string::npos)
        return done;
    return fail(Code::conflict, "there is a " + std::string(kind) + " called " + std::string(name) +
                                    " already (or it has the same key)");
}

Result<void> changed_one(Connection& connection, Result<void> done, std::string_view what) {
    if (done && connection.changes() == 0)
        return fail(Code::not_found, "there is no " + std::string(what));
    return done;
}

}  // namespace obliv::storage::sqlite
