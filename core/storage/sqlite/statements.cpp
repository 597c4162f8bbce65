#include "core/storage/sqlite/stores.hpp"

#include <algorithm>

namespace obliv::storage::sqlite {
namespace {

/// Money that came in less money that went out without a call, before or in a span of time.
constexpr std::string_view transfers_sql =
    "SELECT coalesce(sum(amount) FILTER (WHERE target = ?1 AND time < ?2), 0), "
    "coalesce(sum(amount) FILTER (WHERE source = ?1 AND time < ?2), 0), "
    "coalesce(sum(amount) FILTER (WHERE target = ?1 AND time >= ?2), 0), "
    "coalesce(sum(amount) FILTER (WHERE source = ?1 AND time >= ?2), 0), "
    "count(*) FILTER (WHERE time >= ?2) FROM transfer WHERE (source = ?1 OR target = ?1) AND time "
    "< ?3";
constexpr std::string_view charges_sql =
    "SELECT coalesce(sum(cost) FILTER (WHERE time < ?2), 0), "
    "coalesce(sum(cost) FILTER (WHERE time >= ?2), 0), "
    "count(*) FILTER (WHERE time >= ?2 AND cost <> 0) FROM charge WHERE account = ?1 AND time < ?3";

void read_line(Query& query, StatementLine& line) {
    query.read(line.id, line.time, line.amount);
}

/// Tells the lines, which are in the order of their ids, what calls they are of. Rows that
/// retention has removed tell nothing.
Result<void> name_calls(Connection& connection, AccountId account,
                        std::vector<StatementLine>& lines) {
    if (lines.empty())
        return ok();
    Query query(connection, "SELECT id, request_id, model FROM " + usage_source +
                                " WHERE id >= ? AND id <= ? AND account = ? ORDER BY id");
    query.bind(lines.front().id, lines.back().id, account);
    auto line = lines.begin();
    for (;;) {
        auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return ok();
        std::int64_t id = 0;
        std::string request_id;
        std::string model;
        query.read(id, request_id, model);
        while (line != lines.end() && line->id < id)
            ++line;
        if (line == lines.end() || line->id != id)
            continue;
        line->request_id = std::move(request_id);
        line->model = std::move(model);
    }
}

}  // namespace

Result<Statement> SqliteLedger::statement(AccountId account, WallTime since, WallTime until) {
    Statement out;
    Money in_before;
    Money out_before;
    Money charged_before;
    Query transfers(context_.connection, transfers_sql);
    transfers.bind(account, since, until);
    auto row = transfers.step();
    if (!row)
        return row.error();
    transfers.read(in_before, out_before, out.in, out.out, out.transfers);
    Query charges(context_.connection, charges_sql);
    charges.bind(account, since, until);
    row = charges.step();
    if (!row)
        return row.error();
    charges.read(charged_before, out.charged, out.calls);
    out.opening = in_before - out_before - charged_before;
    out.closing = out.opening + out.in - out.out - out.charged;
    return out;
}

Result<Page<StatementLine>> SqliteLedger::statement_lines(AccountId account, WallTime since,
                                                          WallTime until,
                                                          const PageRequest& request) {
    auto limit = static_cast<std::size_t>(std::clamp(request.limit, 1, 1000));
    auto rows = static_cast<std::int64_t>(limit) + 1;
    Query charges(context_.connection,
                  "SELECT id, time, -cost FROM charge WHERE id > ? AND account = ? AND time >= ? "
                  "AND time < ? AND cost <> 0 ORDER BY id LIMIT ?");
    charges.bind(request.after, account, since, until, rows);
    auto lines = read_all<StatementLine>(charges, read_line);
    if (!lines)
        return lines.error();
    if (auto done = name_calls(context_.connection, account, *lines); !done)
        return done.error();
    Query transfers(context_.connection,
                    "SELECT id, time, source, target, amount, kind, reason, operation_id FROM "
                    "transfer WHERE id > ?1 AND (source = ?2 OR target = ?2) AND time >= ?3 AND "
                    "time < ?4 ORDER BY id LIMIT ?5");
    transfers.bind(request.after, account, since, until, rows);
    auto moved = read_all<Transfer>(transfers, [](Query& from, Transfer& each) {
        from.read(each.id, each.time, each.source, each.target, each.amount, each.kind, each.reason,
                  each.operation_id);
    });
    if (!moved)
        return moved.error();
    for (const auto& transfer : *moved)
        for (auto& entry : ledger::entries_of(transfer))
            if (entry.account == account)
                lines->push_back({transfer.id, transfer.time, entry.kind, entry.amount, "", "",
                                  transfer.reason});
    std::sort(lines->begin(), lines->end(),
              [](const StatementLine& a, const StatementLine& b) { return a.id < b.id; });
    Page<StatementLine> page;
    if (lines->size() > limit) {
        lines->resize(limit);
        page.next = lines->back().id;
    }
    page.rows = std::move(*lines);
    return page;
}

}  // namespace obliv::storage::sqlite
