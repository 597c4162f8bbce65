#include "core/storage/sqlite/stores.hpp"
#include "core/storage/sqlite/where.hpp"

namespace obliv::storage::sqlite {
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
        Query query(context_.connection, "SELECT " + call_columns + " FROM " +
                                             month_source(month->month) +
                                             " WHERE request_id = ? ORDER BY id DESC LIMIT 1");
        query.bind(request_id);
        auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            continue;
        Call call;
        read_call(query, call);
        return call;
    }
    return fail(Code::not_found, "there is no call " + std::string(request_id));
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
