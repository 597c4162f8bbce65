#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

/// The conditions of a filter, with their values bound in the same order.
class Where {
public:
    explicit Where(const UsageFilter& filter) : filter_(filter) {
        if (filter.since)
            text_ += " AND time >= ?";
        if (filter.until)
            text_ += " AND time < ?";
        if (!filter.model.empty())
            text_ += " AND model = ?";
        if (filter.token)
            text_ += " AND token = ?";
        if (filter.account)
            text_ += " AND account = ?";
        if (filter.channel)
            text_ += " AND channel = ?";
        if (!filter.error.empty())
            text_ += " AND error = ?";
    }
    const std::string& text() const noexcept { return text_; }
    void bind(Query& query) const {
        if (filter_.since)
            query.bind(*filter_.since);
        if (filter_.until)
            query.bind(*filter_.until);
        if (!filter_.model.empty())
            query.bind(filter_.model);
        if (filter_.token)
            query.bind(filter_.token);
        if (filter_.account)
            query.bind(filter_.account);
        if (filter_.channel)
            query.bind(filter_.channel);
        if (!filter_.error.empty())
            query.bind(filter_.error);
    }

private:
    const UsageFilter& filter_;
    std::string text_;
};

std::string_view expression_of(UsageKey key) noexcept {
    switch (key) {
    case UsageKey::model:
        return "model";
    case UsageKey::day:
        return "date(time / 1000000000, 'unixepoch')";
    case UsageKey::token:
        return "coalesce(token, 0)";
    case UsageKey::account:
        return "coalesce(account, 0)";
    case UsageKey::channel:
        break;
    }
    return "coalesce(channel, 0)";
}

// sum() of integers refuses to overflow, unlike total(), which turns to floating point.
constexpr std::string_view sums =
    "count(*), count(CASE WHEN status >= 400 OR error NOT IN ('', 'cancelled') THEN 1 END), "
    "coalesce(sum(input), 0), "
    "coalesce(sum(cache_read), 0), coalesce(sum(cache_write_5m), 0), "
    "coalesce(sum(cache_write_1h), 0), coalesce(sum(audio_in), 0), coalesce(sum(image_in), 0), "
    "coalesce(sum(output), 0), coalesce(sum(reasoning), 0), coalesce(sum(audio_out), 0), "
    "coalesce(sum(images), 0), coalesce(sum(seconds), 0), coalesce(sum(characters), 0), "
    "coalesce(sum(cost), 0)";

}  // namespace

std::string usage_table(WallTime) {
    return "usage_row";
}

std::string usage_source() {
    return "usage_row";
}

void read_call(Query& query, Call& call) {
    auto& usage = call.usage;
    query.read(call.id, call.time, call.request_id, call.tenant, call.account, call.user,
               call.token, call.model, call.model_served, call.channel, call.key_index);
    query.read(usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h,
               usage.audio_in, usage.image_in, usage.output, usage.reasoning, usage.audio_out,
               usage.images, usage.seconds, usage.characters);
    query.read(call.source, call.price, call.held, call.cost, call.loss, call.ttft_us,
               call.duration_us, call.status, call.attempts, call.stream, call.finish_reason,
               call.client, call.user_agent, call.error);
}

Result<Page<Call>> SqliteUsage::page(const UsageFilter& filter, const PageRequest& request) {
    PageBounds bounds(request);
    Where where(filter);
    Query query(context_.connection, "SELECT " + call_columns + " FROM " + usage_source() +
                                         " WHERE id > ? AND id < ?" + where.text() +
                                         std::string(bounds.order));
    query.bind(bounds.above, bounds.below);
    where.bind(query);
    query.bind(bounds.rows);
    return read_page<Call>(query, bounds, read_call, [](const Call& row) { return row.id.value; });
}

Result<Call> SqliteUsage::get(std::string_view request_id) {
    // There is no index on request ids (the write path pays for each): newest first, because people
    // ask for what they just did.
    Query query(context_.connection, "SELECT " + call_columns + " FROM " + usage_source() +
                                         " WHERE request_id = ? ORDER BY id DESC LIMIT 1");
    query.bind(request_id);
    return read_one<Call>(query, "call " + std::string(request_id), read_call);
}

Result<std::vector<UsageGroup>> SqliteUsage::report(const UsageFilter& filter,
                                                    const std::vector<UsageKey>& by) {
    std::string keys;
    std::string places;
    int place = 0;
    for (auto key : by) {
        keys += "CAST(" + std::string(expression_of(key)) + " AS TEXT), ";
        places += (places.empty() ? "" : ", ") + std::to_string(++place);
    }
    Where where(filter);
    std::string sql = "SELECT " + keys + std::string(sums) + " FROM " + usage_source() +
                      " WHERE 1" + where.text();
    if (place > 0)
        sql += " GROUP BY " + places + " ORDER BY " + places;
    Query query(context_.connection, sql);
    where.bind(query);
    return read_all<UsageGroup>(query, [&](Query& from, UsageGroup& row) {
        row.key.resize(by.size());
        for (auto& key : row.key)
            from.read(key);
        auto& usage = row.usage;
        from.read(row.requests, row.errors, usage.input, usage.cache_read, usage.cache_write_5m,
                  usage.cache_write_1h, usage.audio_in, usage.image_in, usage.output,
                  usage.reasoning, usage.audio_out, usage.images, usage.seconds, usage.characters,
                  row.cost);
    });
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
        usage_source() + " WHERE attempts = 1 AND channel IS NOT NULL" + where.text() +
        ") u WHERE NOT EXISTS (SELECT 1 FROM attempt_record r WHERE r.id = u.id) UNION ALL "
        "SELECT json_extract(a.value, '$.channel'), json_extract(a.value, '$.cause') FROM "
        "(SELECT id FROM " +
        usage_source() + " WHERE 1" + where.text() +
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
