#include "core/storage/sqlite/stores.hpp"

#include <algorithm>

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view columns = "id, tenant, account, created_at, previous, input, response";

void read_row(Query& query, StoredResponse& row) {
    query.read(row.id, row.tenant, row.account, row.created, row.previous, row.input, row.response);
}

}  // namespace

Result<void> SqliteResponses::put(const StoredResponse& row) {
    Query query(context_.connection,
                "INSERT INTO response (id, tenant, account, created_at, previous, input, response) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "created_at = excluded.created_at, previous = excluded.previous, "
                "input = excluded.input, response = excluded.response "
                "WHERE account = excluded.account");
    return query
        .bind(row.id, row.tenant, row.account, row.created, row.previous, row.input, row.response)
        .run();
}

Result<StoredResponse> SqliteResponses::get(AccountId account, std::string_view id) {
    Query query(context_.connection,
                "SELECT " + std::string(columns) + " FROM response WHERE id = ? AND account = ?");
    query.bind(id, account);
    return read_one<StoredResponse>(query, "response '" + std::string(id) + "'", read_row);
}

Result<std::vector<StoredResponse>> SqliteResponses::chain(AccountId account, std::string_view id,
                                                           int count_max) {
    std::vector<StoredResponse> out;
    std::string next(id);
    while (!next.empty()) {
        if (static_cast<int>(out.size()) == count_max)
            return fail(Code::invalid_request, "the conversation before response '" +
                                                   std::string(id) + "' is over " +
                                                   std::to_string(count_max) + " responses long");
        auto row = get(account, next);
        if (!row)
            return row.error();
        next = row->previous;
        out.push_back(std::move(*row));
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Result<void> SqliteResponses::remove(AccountId account, std::string_view id) {
    auto done = Query(context_.connection, "DELETE FROM response WHERE id = ? AND account = ?")
                    .bind(id, account)
                    .run();
    return changed_one(context_.connection, std::move(done), "response '" + std::string(id) + "'");
}

Result<std::int64_t> SqliteResponses::sweep(WallTime before, int count_max) {
    auto done = Query(context_.connection,
                      "DELETE FROM response WHERE id IN (SELECT id FROM response WHERE "
                      "created_at < ? ORDER BY created_at LIMIT ?)")
                    .bind(before, count_max)
                    .run();
    if (!done)
        return done.error();
    return context_.connection.changes();
}

}  // namespace obliv::storage::sqlite
