#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view columns = "id, tenant, batch, digest, prefix, amount, created_at, "
                                     "expires_at, lasts_ms, revoked_at, used_at, account, token";

void read_code(Query& query, RedeemCode& row) {
    std::optional<std::int64_t> account;
    std::optional<std::int64_t> token;
    query.read(row.id, row.tenant, row.batch, row.digest, row.prefix, row.amount, row.created_at,
               row.expires_at, row.lasts, row.revoked_at, row.used_at, account, token);
    row.account = AccountId{account.value_or(0)};
    row.token = TokenId{token.value_or(0)};
}

std::string select(std::string_view rest) {
    return "SELECT " + std::string(columns) + " FROM redeem_code " + std::string(rest);
}

std::string condition_of(std::string_view state) {
    if (state == "used")
        return " AND used_at IS NOT NULL";
    std::string unused = " AND used_at IS NULL";
    if (state == "revoked")
        return unused + " AND revoked_at IS NOT NULL";
    unused += " AND revoked_at IS NULL";
    if (state == "expired")
        return unused + " AND expires_at <= ?3";
    return state == "open" ? unused + " AND coalesce(expires_at > ?3, 1)" : "";
}

}  // namespace

Result<void> SqliteRedeemCodes::insert(std::span<RedeemCode> codes) {
    for (auto& row : codes) {
        auto done =
            Query(context_.connection,
                  "INSERT INTO redeem_code (tenant, batch, digest, prefix, amount, created_at, "
                  "expires_at, lasts_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                .bind(row.tenant, row.batch, row.digest, row.prefix, row.amount, row.created_at,
                      row.expires_at, row.lasts)
                .run();
        if (!done)
            return done;
        row.id = context_.connection.last_id();
    }
    return ok();
}

Result<Page<RedeemCode>> SqliteRedeemCodes::page(const RedeemFilter& filter,
                                                 const PageRequest& request) {
    PageBounds bounds(request);
    Query query(context_.connection,
                select("WHERE (?1 = '' OR batch = ?1) AND (?2 = '' OR prefix = ?2) AND ?3 IS NOT "
                       "NULL") +
                    condition_of(filter.state) + " AND id > ?4 AND id < ?5" +
                    std::string(bounds.order));
    query.bind(filter.batch, filter.prefix, filter.now, bounds.above, bounds.below, bounds.rows);
    return read_page<RedeemCode>(query, bounds, read_code,
                                 [](const RedeemCode& row) { return row.id; });
}

Result<RedeemCode> SqliteRedeemCodes::find(const Sha256& digest) {
    Query query(context_.connection, select("WHERE digest = ?"));
    query.bind(digest);
    return read_one<RedeemCode>(query, "such code", read_code);
}

Result<void> SqliteRedeemCodes::use(std::int64_t id, WallTime now, AccountId account,
                                    TokenId token) {
    auto done = Query(context_.connection,
                      "UPDATE redeem_code SET used_at = ?, account = ?, token = ? WHERE id = ? AND "
                      "used_at IS NULL AND revoked_at IS NULL")
                    .bind(now, account, token, id)
                    .run();
    if (done && context_.connection.changes() == 0)
        return fail(Code::conflict, "the code was used or revoked meanwhile");
    return done;
}

Result<std::int64_t> SqliteRedeemCodes::revoke(std::int64_t id, WallTime now) {
    auto done = Query(context_.connection, "UPDATE redeem_code SET revoked_at = ? WHERE id = ? AND "
                                           "used_at IS NULL AND revoked_at IS NULL")
                    .bind(now, id)
                    .run();
    if (!done)
        return done.error();
    return context_.connection.changes();
}

Result<std::int64_t> SqliteRedeemCodes::revoke_batch(std::string_view batch, WallTime now) {
    auto done =
        Query(context_.connection, "UPDATE redeem_code SET revoked_at = ? WHERE batch = ? AND "
                                   "used_at IS NULL AND revoked_at IS NULL")
            .bind(now, batch)
            .run();
    if (!done)
        return done.error();
    return context_.connection.changes();
}

}  // namespace obliv::storage::sqlite
