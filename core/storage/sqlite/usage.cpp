#include "core/storage/sqlite/stores.hpp"
#include "core/storage/sqlite/where.hpp"

#include <algorithm>

namespace obliv::storage::sqlite {
namespace {

// Of ids that are searched at a time: the first so many are read in no time.
constexpr std::int64_t window_first = 4'096;

}  // namespace

void read_call(Query& query, Call& call) {
    auto& usage = call.usage;
    query.read(call.id, call.time, call.request_id, call.tenant, call.account, call.user,
               call.token, call.model, call.model_served, call.channel, call.key_index);
    query.read(usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h,
               usage.audio_in, usage.image_in, usage.output, usage.reasoning, usage.audio_out);
    query.read(call.source, call.price, call.held, call.cost, call.loss, call.ttft_us,
               call.duration_us, call.status, call.attempts, call.stream, call.finish_reason,
               call.client, call.user_agent, call.error);
    query.read(usage.images, usage.seconds, usage.characters, usage.searches, call.share);
}

Result<Page<Call>> SqliteUsage::page(const UsageFilter& filter, const PageRequest& request) {
    PageBounds bounds(request);
    Where where(filter);
    Query query(context_.connection, "SELECT " + call_columns + " FROM " + usage_source +
                                         " WHERE id > ? AND id < ?" + where.text() +
                                         std::string(bounds.order));
    query.bind(bounds.above, bounds.below);
    where.bind(query);
    query.bind(bounds.rows);
    return read_page<Call>(query, bounds, read_call, [](const Call& row) { return row.id.value; });
}

Result<Call> SqliteUsage::get(std::string_view request_id) {
    auto months = all_months(context_.connection);
    if (!months)
        return months.error();
    // There is no index on request ids (the write path pays for each): newest first, because people
    // ask for what they just did.
    for (auto month = months->rbegin(); month != months->rend(); ++month) {
        if (month->gone)
            continue;
        auto found = find_in_month(month->month, request_id);
        if (!found)
            return found.error();
        if (*found)
            return std::move(**found);
    }
    return fail(Code::not_found, "there is no call " + std::string(request_id));
}

/// The newest call of that name. A month's rows lie in two tables, and reading both in order would
/// read the one that has not got it to its end: so some of their ids are searched at a time.
Result<std::optional<Call>> SqliteUsage::find_in_month(std::int64_t month,
                                                       std::string_view request_id) {
    auto ids = ids_of_month(context_.connection, month);
    if (!ids)
        return ids.error();
    auto sql = "SELECT " + call_columns + " FROM " + month_source(month) +
               " WHERE id > ? AND id <= ? AND request_id = ? ORDER BY id DESC LIMIT 1";
    auto window = window_first;
    for (auto last = ids->last; last >= ids->first;) {
        auto before = last - std::min(window, last - ids->first + 1);
        Query query(context_.connection, sql);
        query.bind(before, last, request_id);
        auto row = query.step();
        if (!row)
            return row.error();
        if (*row) {
            std::optional<Call> found(std::in_place);
            read_call(query, *found);
            return found;
        }
        last = before;
        window *= 2;
    }
    return std::optional<Call>();
}

Result<std::string> SqliteUsage::record(ChargeId id) {
    Query query(context_.connection, "SELECT record FROM attempt_record WHERE id = ?");
    query.bind(id);
    auto row = query.step();
    if (!row)
        return row.error();
    std::string record;
    if (*row)
        query.read(record);
    return record;
}

Result<std::vector<AttemptGroup>> SqliteUsage::attempts(const UsageFilter& filter) {
    Where where(filter);
    // A call without a record made one attempt, which went well or was left by the caller.
    std::string sql =
        "SELECT channel, cause, count(*) FROM ("
        "SELECT u.channel AS channel, "
        "CASE WHEN u.error = 'cancelled' THEN 'cancelled' ELSE 'ok' END AS cause FROM (SELECT * "
        "FROM " +
        usage_source + " WHERE attempts = 1 AND channel IS NOT NULL" + where.text() +
        ") u WHERE NOT EXISTS (SELECT 1 FROM attempt_record r WHERE r.id = u.id) UNION ALL "
        "SELECT json_extract(a.value, '$.channel'), json_extract(a.value, '$.cause') FROM "
        "(SELECT id FROM " +
        usage_source + " WHERE 1" + where.text() +
        ") u JOIN attempt_record r ON r.id = u.id, json_each(r.record, '$.attempts') a) "
        "GROUP BY 1, 2 ORDER BY 1, 2";
    Query query(context_.connection, sql);
    where.bind(query);
    where.bind(query);
    return read_all<AttemptGroup>(query, [](Query& from, AttemptGroup& row) {
        from.read(row.channel, row.cause, row.attempts);
    });
}

}  // namespace obliv::storage::sqlite
