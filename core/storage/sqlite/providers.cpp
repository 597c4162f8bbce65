#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

std::string select(std::string_view rest) {
    return "SELECT tenant, name, version, source, removed, created_at FROM provider " +
           std::string(rest);
}

void read_row(Query& query, ProviderRow& row) {
    query.read(row.tenant, row.name, row.version, row.source, row.removed, row.created_at);
}

constexpr std::string_view newest = "AS one WHERE removed = 0 AND version = "
                                    "(SELECT max(version) FROM provider WHERE name = one.name) ";

}  // namespace

Result<std::vector<ProviderRow>> SqliteProviders::all() {
    Query query(context_.connection, select(std::string(newest) + "ORDER BY name"));
    return read_all<ProviderRow>(query, read_row);
}

Result<ProviderRow> SqliteProviders::find(std::string_view name) {
    Query query(context_.connection, select(std::string(newest) + "AND name = ?"));
    query.bind(name);
    return read_one<ProviderRow>(query, "provider " + std::string(name), read_row);
}

Result<std::vector<ProviderRow>> SqliteProviders::history(std::string_view name) {
    Query query(context_.connection, select("WHERE name = ? ORDER BY version DESC"));
    query.bind(name);
    return read_all<ProviderRow>(query, read_row);
}

Result<ProviderRow> SqliteProviders::append(const ProviderRow& row) {
    auto before = history(row.name);
    if (!before)
        return before.error();
    auto stored = row;
    stored.version = before->empty() ? 1 : before->front().version + 1;
    stored.created_at = context_.clock.wall();
    Query query(context_.connection,
                "INSERT INTO provider (tenant, name, version, source, removed, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)");
    auto done = query
                    .bind(stored.tenant, stored.name, stored.version, stored.source, stored.removed,
                          stored.created_at)
                    .run();
    if (!done)
        return done.error();
    return stored;
}

}  // namespace obliv::storage::sqlite
