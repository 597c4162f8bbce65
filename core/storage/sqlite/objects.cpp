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

Result<Settlement> SqliteObjects::settle(AccountId account, std::string_view id,
                                         const ChargeMark& mark) {
    auto done = Query(context_.connection,
                      "UPDATE object SET settled = 1, charge_since = ?, charge_time = ? WHERE "
                      "account = ? AND kind = ? AND id = ? AND settled = 0")
                    .bind(mark.since.value, mark.time, account, number_of(ObjectKind::batch), id)
                    .run();
    if (!done)
        return done.error();
    if (context_.connection.changes() == 1)
        return Settlement::due;
    Query query(context_.connection, "SELECT 1 FROM object WHERE account = ? AND kind = ? AND id = "
                                     "? AND charge_since > 0");
    query.bind(account, number_of(ObjectKind::batch), id);
    auto pending = query.step();
    if (!pending)
        return pending.error();
    return *pending ? Settlement::pending : Settlement::charged;
}

Result<void> SqliteObjects::confirm(AccountId account, std::string_view id) {
    return Query(context_.connection, "UPDATE object SET charge_since = 0 WHERE account = ? AND "
                                      "kind = ? AND id = ?")
        .bind(account, number_of(ObjectKind::batch), id)
        .run();
}

Result<void> SqliteObjects::unsettle(AccountId account, std::string_view id) {
    return Query(context_.connection, "UPDATE object SET settled = 0, charge_since = 0 WHERE "
                                      "account = ? AND kind = ? AND id = ?")
        .bind(account, number_of(ObjectKind::batch), id)
        .run();
}

/// A charge follows its mark within moments: few charges are looked at for each, and for those of
/// the last moments before a kill none comes after them.
Result<void> SqliteObjects::resolve_marks() {
    return Query(context_.connection,
                 "UPDATE object SET settled = EXISTS (SELECT 1 FROM charge WHERE charge.id >= "
                 "object.charge_since AND charge.account = object.account AND charge.time = "
                 "object.charge_time), charge_since = 0 WHERE charge_since > 0")
        .run();
}

}  // namespace obliv::storage::sqlite
