#include "core/storage/sqlite/stores.hpp"

#include <algorithm>

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view transfer_columns =
    "id, time, source, target, amount, kind, reason, operation_id";

void read_transfer(Query& query, Transfer& row) {
    query.read(row.id, row.time, row.source, row.target, row.amount, row.kind, row.reason,
               row.operation_id);
}

constexpr std::string_view with_expiry =
    ", (SELECT expires_at FROM lot WHERE lot.id = transfer.id) FROM transfer ";

void read_charge(Query& query, ledger::ChargeFigures& row) {
    query.read(row.id, row.time, row.account, row.held, row.cost, row.loss);
}

/// The statement for one kind of event of a page: its rows give at least one entry each, so that a
/// page needs no more events than entries.
std::string events_sql(std::string_view columns, std::string_view table, std::string_view condition,
                       bool descending) {
    return "SELECT " + std::string(columns) + " FROM " + std::string(table) +
           " WHERE id >= ?1 AND id <= ?2 AND (" + std::string(condition) + ") ORDER BY id " +
           (descending ? "DESC" : "ASC") + " LIMIT ?4";
}

constexpr std::string_view charge_condition =
    "(?3 IS NULL AND (held <> 0 OR cost <> 0 OR loss <> 0)) OR "
    "(account = ?3 AND (held <> 0 OR cost <> 0)) OR (?3 = 1 AND cost + loss <> 0) OR "
    "(?3 = 3 AND loss <> 0)";

struct EventRange {
    std::int64_t first = 1;
    std::int64_t last = std::numeric_limits<std::int64_t>::max() / ledger::entries_per_event - 1;
};

EventRange range_of(const EntryFilter& filter, const PageRequest& request) {
    EventRange range;
    auto event = request.after / ledger::entries_per_event;
    if (request.after != 0)
        (request.descending ? range.last : range.first) = event;
    if (filter.call) {
        range.first = std::max(range.first, filter.call.value);
        range.last = std::min(range.last, filter.call.value);
    }
    return range;
}

/// The entries of some events that a page asks for, in its order.
class PageOfEntries {
public:
    PageOfEntries(const EntryFilter& filter, const PageRequest& request)
        : filter_(filter), request_(request) {}

    void keep(std::vector<Entry> event) {
        for (auto& entry : event)
            if (ahead(entry) && (!filter_.account || entry.account == filter_.account))
                entries_.push_back(std::move(entry));
    }

    Page<Entry> take(std::size_t limit) && {
        std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
            return request_.descending ? a.id > b.id : a.id < b.id;
        });
        Page<Entry> page;
        if (entries_.size() > limit) {
            page.next = entries_[limit - 1].id;
            entries_.resize(limit);
        }
        page.rows = std::move(entries_);
        return page;
    }

private:
    bool ahead(const Entry& entry) const noexcept {
        if (request_.after == 0)
            return true;
        return request_.descending ? entry.id < request_.after : entry.id > request_.after;
    }

    const EntryFilter& filter_;
    const PageRequest& request_;
    std::vector<Entry> entries_;
};

}  // namespace

/// The usual batch is of new calls, in order: three statements for all of them.
Result<void> SqliteLedger::append(std::span<const Call* const> calls) {
    if (calls.empty())
        return ok();
    std::vector<const Call*> rows(calls.begin(), calls.end());
    std::sort(rows.begin(), rows.end(),
              [](const Call* a, const Call* b) { return a->id.value < b->id.value; });
    if (!batch_)
        batch_ = std::make_unique<CallBatch>(context_.connection.handle());
    batch_->show(rows);
    auto done = insert_new_charges(rows);
    if (done)
        return insert_usage(rows);
    if (done.error().code != Code::conflict)
        return done;
    // A replay, after a crash or a failed batch: the statement has left nothing behind.
    for (const auto* call : rows)
        if (done = append_one(*call); !done)
            return done;
    return ok();
}

Result<void> SqliteLedger::append_one(const Call& call) {
    const Call* row = &call;
    std::span<const Call* const> rows(&row, 1);
    batch_->show(rows);
    auto done = insert_charges("INSERT OR IGNORE", "id, ");
    if (!done)
        return done;
    if (context_.connection.changes() == 0)
        return same_call(call);
    return insert_usage(rows);
}

Result<void> SqliteLedger::insert_new_charges(std::span<const Call* const> rows) {
    auto follow = ids_follow(context_.connection, "charge", rows);
    if (!follow)
        return follow.error();
    auto done = insert_charges("INSERT", *follow ? "" : "id, ");
    return done ? ends_with(context_.connection, *rows.back()) : done;
}

/// `id`: empty where SQLite gives the ids.
Result<void> SqliteLedger::insert_charges(std::string_view how, std::string_view id) {
    bool alike = batch_->kind() == Batch::alike;
    std::string sql(how);
    sql.append(" INTO charge (")
        .append(id)
        .append("time, account, token, price, held, cost, loss)");
    sql.append(" SELECT ").append(id);
    sql.append(alike ? "time, ?, ?, ?, held, cost, 0"
                     : "time, account, token, price, held, cost, loss");
    sql.append(" FROM call_batch");
    Query query(context_.connection, sql);
    const auto& call = batch_->front();
    if (alike)
        query.bind(call.account, call.token, call.price);
    return query.run();
}

/// Most rows are plain, and fewer of their values are asked for.
Result<void> SqliteLedger::insert_rows(std::span<const Call* const> rows) {
    if (batch_->kind() != Batch::any)
        return months_.insert(rows, batch_->kind());
    std::vector<const Call*> sorted(rows.begin(), rows.end());
    auto first = std::stable_partition(sorted.begin(), sorted.end(),
                                       [](const Call* call) { return is_plain(*call); });
    std::span<const Call* const> plain(sorted.begin(), first);
    std::span<const Call* const> rest(first, sorted.end());
    auto done = ok();
    for (auto part : {plain, rest}) {
        if (part.empty() || !done)
            continue;
        batch_->show(part);
        done = months_.insert(part, batch_->kind());
    }
    batch_->show(rows);
    return done;
}

Result<void> SqliteLedger::insert_usage(std::span<const Call* const> rows) {
    auto& connection = context_.connection;
    auto done = insert_rows(rows);
    if (done) {
        fold_.note(rows);
        rollup_.note(rows);
    }
    bool recorded = std::any_of(rows.begin(), rows.end(),
                                [](const Call* call) { return !call->record.empty(); });
    if (!done || !recorded)
        return done;
    return Query(connection, "INSERT INTO attempt_record (id, time, record) SELECT id, time, "
                             "record FROM call_batch WHERE record <> ''")
        .run();
}

/// A charge id that is taken already is a replay of the same call, or two calls have one id. Where
/// retention has removed the usage row, the charge alone has to tell.
Result<void> SqliteLedger::same_call(const Call& call) {
    Query query(context_.connection, "SELECT c.time, c.cost, c.account, u.request_id FROM charge c "
                                     "LEFT JOIN (SELECT id, request_id FROM " +
                                         usage_source +
                                         " WHERE id = ?1) u ON u.id = c.id WHERE c.id = ?1");
    query.bind(call.id);
    auto row = query.step();
    if (!row)
        return row.error();
    WallTime time;
    Money cost;
    AccountId account;
    std::optional<std::string> stored_id;
    if (*row)
        query.read(time, cost, account, stored_id);
    auto request_id = stored_id.value_or(time == call.time ? call.request_id : "");
    if (request_id == call.request_id && cost == call.cost && account == call.account)
        return ok();
    return fail(Code::corrupt, "charge " + call.id.text() + " is stored for request " + request_id +
                                   " and was given again for " + call.request_id);
}

Result<std::optional<Transfer>> SqliteLedger::find_transfer(std::string_view operation_id) {
    Query query(context_.connection, "SELECT " + std::string(transfer_columns) +
                                         std::string(with_expiry) + "WHERE operation_id = ?");
    query.bind(operation_id);
    auto row = query.step();
    if (!row)
        return row.error();
    std::optional<Transfer> found;
    if (*row) {
        read_transfer(query, found.emplace());
        query.read(found->expires_at);
    }
    return found;
}

Result<Transfer> SqliteLedger::transfer(const Transfer& row) {
    auto before = find_transfer(row.operation_id);
    if (!before)
        return before.error();
    if (*before)
        return std::move(**before);
    auto& connection = context_.connection;
    auto done = add_to_balance(connection, row.source, -row.amount);
    if (done)
        done = add_to_balance(connection, row.target, row.amount);
    if (done)
        done = Query(context_.connection, "INSERT INTO transfer (" + std::string(transfer_columns) +
                                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                   .bind(row.id, row.time, row.source, row.target, row.amount, row.kind, row.reason,
                         row.operation_id)
                   .run();
    if (done && row.expires_at && row.expiring > Money{})
        done = Query(context_.connection, "INSERT INTO lot (id, account, amount, left, expires_at) "
                                          "VALUES (?, ?, ?, ?, ?)")
                   .bind(row.id, row.target, row.expiring, row.expiring, *row.expires_at)
                   .run();
    if (!done)
        return done.error();
    return row;
}

Result<Page<Entry>> SqliteLedger::entries(const EntryFilter& filter, const PageRequest& request) {
    auto range = range_of(filter, request);
    auto limit = static_cast<std::size_t>(std::clamp(request.limit, 1, 1000));
    // The event that `after` lies in may give nothing any more, hence one in reserve beside the one
    // that tells of a next page.
    auto events = static_cast<std::int64_t>(limit) + 2;

    Query charges(context_.connection, events_sql("id, time, account, held, cost, loss", "charge",
                                                  charge_condition, request.descending));
    charges.bind(range.first, range.last, filter.account, events);
    auto called = read_all<ledger::ChargeFigures>(charges, read_charge);
    if (!called)
        return called.error();
    std::vector<Transfer> moved;
    if (!filter.call) {
        Query transfers(context_.connection,
                        events_sql(transfer_columns, "transfer",
                                   "?3 IS NULL OR source = ?3 OR target = ?3", request.descending));
        transfers.bind(range.first, range.last, filter.account, events);
        auto rows = read_all<Transfer>(transfers, read_transfer);
        if (!rows)
            return rows.error();
        moved = std::move(*rows);
    }

    PageOfEntries page(filter, request);
    for (const auto& row : *called)
        page.keep(ledger::entries_of(row));
    for (const auto& row : moved)
        page.keep(ledger::entries_of(row));
    return std::move(page).take(limit);
}

Result<FoldStep> SqliteLedger::fold(ChargeId limit, std::int64_t rows_max) {
    return fold_.run(limit, rows_max);
}

Result<ChargeId> SqliteLedger::watermark() {
    return fold_watermark(context_.connection);
}

Result<FoldStep> SqliteLedger::roll_up(ChargeId limit, std::int64_t rows_max) {
    return rollup_.run(limit, rows_max);
}

Result<LedgerTotals> SqliteLedger::totals() {
    Query query(context_.connection, "SELECT charges, billed, rolled_rows, units FROM fold");
    return read_one<LedgerTotals>(query, "fold", [](Query& from, LedgerTotals& row) {
        from.read(row.charges, row.billed, row.rows, row.units);
    });
}

Result<std::int64_t> SqliteLedger::newest_id() {
    Query query(context_.connection,
                "SELECT max((SELECT coalesce(max(id), 0) FROM charge), (SELECT coalesce(max(id), "
                "0) FROM transfer), (SELECT watermark FROM fold))");
    return read_one<std::int64_t>(query, "newest id",
                                  [](Query& from, std::int64_t& row) { from.read(row); });
}

}  // namespace obliv::storage::sqlite
