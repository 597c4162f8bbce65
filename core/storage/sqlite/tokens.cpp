#include "core/storage/sqlite/lists.hpp"
#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view select_token =
    "SELECT id, tenant, user, account, name, digest, hint, role, grp, models, budget, spent, "
    "requests_per_minute, concurrent_max, cache, created_at, expires_at, revoked_at FROM token "
    "WHERE removed_at IS NULL ";

void read_token(Query& query, Token& row) {
    std::string models;
    query.read(row.id, row.tenant, row.user, row.account, row.name, row.digest, row.hint, row.role,
               row.group, models, row.budget, row.spent, row.requests_per_minute,
               row.concurrent_max, row.cache, row.created_at, row.expires_at, row.revoked_at);
    row.models = list_from_json(models);
}

std::string select(std::string_view rest) {
    return std::string(select_token) + std::string(rest);
}

}  // namespace

Result<std::vector<Token>> SqliteTokens::all() {
    Query query(context_.connection, select("ORDER BY id"));
    return read_all<Token>(query, read_token);
}

Result<Page<Token>> SqliteTokens::page(const PageRequest& request) {
    PageBounds bounds(request);
    Query query(context_.connection, select("AND id > ? AND id < ?") + std::string(bounds.order));
    query.bind(bounds.above, bounds.below, bounds.rows);
    return read_page<Token>(query, bounds, read_token,
                            [](const Token& row) { return row.id.value; });
}

Result<Token> SqliteTokens::get(TokenId id) {
    Query query(context_.connection, select("AND id = ?"));
    query.bind(id);
    return read_one<Token>(query, "token " + id.text(), read_token);
}

Result<Token> SqliteTokens::find(std::string_view name) {
    Query query(context_.connection, select("AND name = ? ORDER BY id LIMIT 1"));
    query.bind(name);
    return read_one<Token>(query, "token " + std::string(name), read_token);
}

Result<TokenId> SqliteTokens::insert(const Token& row) {
    auto models = to_json(row.models);
    Query query(
        context_.connection,
        "INSERT INTO token (tenant, user, account, name, digest, hint, role, grp, models, "
        "budget, requests_per_minute, concurrent_max, cache, created_at, expires_at, revoked_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto done =
        query
            .bind(row.tenant, row.user, row.account, row.name, row.digest, row.hint, row.role,
                  row.group, models, row.budget, row.requests_per_minute, row.concurrent_max,
                  row.cache, context_.clock.wall(), row.expires_at, row.revoked_at)
            .run();
    done = named(std::move(done), "token", row.name);
    if (!done)
        return done.error();
    return TokenId{context_.connection.last_id()};
}

Result<void> SqliteTokens::update(const Token& row) {
    auto models = to_json(row.models);
    Query query(
        context_.connection,
        "UPDATE token SET user = ?, account = ?, name = ?, digest = ?, hint = ?, role = ?, "
        "grp = ?, models = ?, budget = ?, requests_per_minute = ?, concurrent_max = ?, cache = ?, "
        "expires_at = ?, revoked_at = ? WHERE id = ? AND removed_at IS NULL");
    auto done = query
                    .bind(row.user, row.account, row.name, row.digest, row.hint, row.role,
                          row.group, models, row.budget, row.requests_per_minute,
                          row.concurrent_max, row.cache, row.expires_at, row.revoked_at, row.id)
                    .run();
    return changed_one(context_.connection, named(std::move(done), "token", row.name),
                       "token " + row.id.text());
}

Result<void> SqliteTokens::remove(TokenId id) {
    auto done = Query(context_.connection,
                      "UPDATE token SET removed_at = ? WHERE id = ? AND removed_at IS NULL")
                    .bind(context_.clock.wall(), id)
                    .run();
    return changed_one(context_.connection, std::move(done), "token " + id.text());
}

}  // namespace obliv::storage::sqlite
