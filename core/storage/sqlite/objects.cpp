#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view columns =
    "id, kind, tenant, account, channel, key_index, created_at, json, settled";

void read_row(Query& query, StoredObject& row) {
    std::int64_t kind = 0;
    query.read(row.id, kind, row.tenant, row.account, row.channel, row.key_index, row.created,
               row.json, row.settled);
    row.kind = static_cast<ObjectKind>(kind);
}

std::int64_t number_of(ObjectKind kind) {
    return static_cast<std::int64_t>(kind);
}

std::string named(ObjectKind kind, std::string_view id) {
    return (kind == ObjectKind::file ? "file '" : "batch '") + std::string(id) + "'";
}

}  // namespace

Result<void> SqliteObjects::put(const StoredObject& row) {
    Query query(context_.connection,
                "INSERT INTO object (id, kind, tenant, account, channel, key_index, created_at, "
                "json, settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) "
                "ON CONFLICT (account, kind, id) DO UPDATE SET json = excluded.json");
    return query
        .bind(row.id, number_of(row.kind), row.tenant, row.account, row.channel, row.key_index,
              row.created, row.json)
        .run();
}

Result<StoredObject> SqliteObjects::get(AccountId account, ObjectKind kind, std::string_view id) {
    Query query(context_.connection, "SELECT " + std::string(columns) +
                                         " FROM object WHERE account = ? AND kind = ? AND id = ?");
    query.bind(account, number_of(kind), id);
    return read_one<StoredObject>(query, named(kind, id), read_row);
}

Result<std::vector<StoredObject>> SqliteObjects::list(AccountId account, ObjectKind kind,
                                                      const ObjectPage& page) {
    std::string sql = "SELECT " + std::string(columns) +
                      " FROM object WHERE account = ? AND kind = ? AND (? = '' OR place " +
                      (page.newest_first ? "<" : ">") +
                      " (SELECT place FROM object WHERE account = ? AND kind = ? AND id = ?)) "
                      "ORDER BY place " +
                      (page.newest_first ? "DESC" : "ASC") + " LIMIT ?";
    Query query(context_.connection, sql);
    query.bind(account, number_of(kind), page.after, account, number_of(kind), page.after,
               page.limit);
    return read_all<StoredObject>(query, read_row);
}

Result<void> SqliteObjects::remove(AccountId account, ObjectKind kind, std::string_view id) {
    auto done =
        Query(context_.connection, "DELETE FROM object WHERE account = ? AND kind = ? AND id = ?")
            .bind(account, number_of(kind), id)
            .run();
    return changed_one(context_.connection, std::move(done), named(kind, id));
}

Result<bool> SqliteObjects::counts(const ChargeMark& before, const ChargeMark& mark) const {
    // A release that knew no marks charged at once.
    if (before.request_id.empty() || before.run == mark.run)
        return true;
    auto call = SqliteUsage(context_).get(before.request_id);
    if (!call && call.error().code != Code::not_found)
        return call.error();
    return call.has_value();
}

Result<bool> SqliteObjects::settle(AccountId account, std::string_view id, const ChargeMark& mark) {
    bool settled = false;
    ChargeMark before;
    {
        Query query(context_.connection, "SELECT settled, charge_request, charge_run FROM object "
                                         "WHERE account = ? AND kind = ? AND id = ?");
        query.bind(account, number_of(ObjectKind::batch), id);
        auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return false;
        query.read(settled, before.request_id, before.run);
    }
    if (settled) {
        auto counted = counts(before, mark);
        if (!counted)
            return counted;
        // A mark of this run may still be taken back.
        if (*counted)
            return before.run == mark.run ? Result<bool>(false) : confirm(account, id, before);
    }
    auto done = Query(context_.connection,
                      "UPDATE object SET settled = 1, charge_request = ?, charge_run = ? WHERE "
                      "account = ? AND kind = ? AND id = ?")
                    .bind(mark.request_id, mark.run, account, number_of(ObjectKind::batch), id)
                    .run();
    if (!done)
        return done.error();
    return true;
}

/// Nothing is due. A mark that was found to count needs not be looked for again.
Result<bool> SqliteObjects::confirm(AccountId account, std::string_view id,
                                    const ChargeMark& before) {
    if (before.request_id.empty())
        return false;
    auto done =
        Query(context_.connection, "UPDATE object SET charge_request = '' WHERE account = ? "
                                   "AND kind = ? AND id = ?")
            .bind(account, number_of(ObjectKind::batch), id)
            .run();
    if (!done)
        return done.error();
    return false;
}

Result<void> SqliteObjects::unsettle(AccountId account, std::string_view id) {
    return Query(context_.connection,
                 "UPDATE object SET settled = 0 WHERE account = ? AND kind = ? AND id = ?")
        .bind(account, number_of(ObjectKind::batch), id)
        .run();
}

}  // namespace obliv::storage::sqlite
