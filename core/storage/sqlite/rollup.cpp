#include "core/storage/sqlite/rollup.hpp"

#include "core/storage/sqlite/fold.hpp"
#include "core/storage/sqlite/months.hpp"
#include "core/storage/sqlite/stores.hpp"

#include <algorithm>
#include <chrono>

namespace obliv::storage::sqlite {
namespace {

template <typename Value>
void append_bytes(std::string& to, const Value& value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

constexpr std::string_view sum_columns =
    "model, served, channel, token, account, user, requests, errors, input, cache_read, "
    "cache_write_5m, cache_write_1h, audio_in, image_in, output, reasoning, audio_out, images, "
    "seconds, characters, searches, cost";

/// Into usage_hour or usage_day, whose time is `time`.
std::string upsert_sql(const std::string& time) {
    std::string sql =
        "INSERT INTO usage_" + time + " (" + time + ", " + std::string(sum_columns) +
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET ";
    bool first = true;
    for (const char* name : {"requests", "errors", "input", "cache_read", "cache_write_5m",
                             "cache_write_1h", "audio_in", "image_in", "output", "reasoning",
                             "audio_out", "images", "seconds", "characters", "searches", "cost"}) {
        sql += (first ? "" : ", ") + std::string(name) + " = " + name + " + excluded." + name;
        first = false;
    }
    return sql;
}

Result<void> upsert(Connection& connection, const std::string& sql, std::int64_t time,
                    const Sums::Row& row) {
    const auto& usage = row.usage;
    return Query(connection, sql)
        .bind(time, row.model, row.served, row.channel.value, row.token.value, row.account.value,
              row.user.value, row.requests, row.errors, usage.input, usage.cache_read,
              usage.cache_write_5m, usage.cache_write_1h, usage.audio_in, usage.image_in,
              usage.output, usage.reasoning, usage.audio_out, usage.images, usage.seconds,
              usage.characters, usage.searches, row.cost)
        .run();
}

bool is_of(const Sums::Row& row, const Call& call, std::int64_t hour) noexcept {
    return row.hour == hour && row.token == call.token && row.account == call.account &&
           row.user == call.user && row.channel == call.channel && row.model == call.model &&
           row.served == call.model_served;
}

Result<std::int64_t> number(Connection& connection, std::string_view sql) {
    Query query(connection, sql);
    return read_one<std::int64_t>(query, "row of the fold",
                                  [](Query& from, std::int64_t& row) { from.read(row); });
}

}  // namespace

void add_usage(llm::Usage& sum, const llm::Usage& more) noexcept {
    for (auto member : llm::usage_members)
        sum.*member += more.*member;
}

std::int64_t units_of(const llm::Usage& usage) noexcept {
    return usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h +
           usage.audio_in + usage.image_in + usage.output + usage.reasoning + usage.audio_out +
           usage.images + usage.seconds + usage.characters + usage.searches;
}

bool counts_as_error(const Call& call) noexcept {
    return call.status >= 400 || !(call.error.empty() || call.error == "cancelled");
}

std::int64_t hour_of(WallTime time) noexcept {
    return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

void read_figures(Query& query, Call& call) {
    auto& usage = call.usage;
    query.read(call.id, call.time, call.model, call.model_served, call.channel, call.token,
               call.account, call.user, call.status, call.error, usage.input, usage.cache_read,
               usage.cache_write_5m, usage.cache_write_1h, usage.audio_in, usage.image_in,
               usage.output, usage.reasoning, usage.audio_out, usage.images, usage.seconds,
               usage.characters, usage.searches, call.cost);
}

void Sums::add(const Call& call) {
    auto hour = hour_of(call.time);
    if (!row_ || !is_of(*row_, call, hour))
        look_up(call, hour);
    ++row_->requests;
    row_->errors += counts_as_error(call) ? 1 : 0;
    add_usage(row_->usage, call.usage);
    row_->cost += call.cost;
    span_->first = std::min(span_->first, call.id.value);
    span_->last = std::max(span_->last, call.id.value);
    ++calls_;
    units_ += units_of(call.usage);
}

void Sums::look_up(const Call& call, std::int64_t hour) {
    key_.clear();
    append_bytes(key_, hour);
    append_bytes(key_, call.channel.value);
    append_bytes(key_, call.token.value);
    append_bytes(key_, call.account.value);
    append_bytes(key_, call.user.value);
    key_.append(call.model).append(1, '\0').append(call.model_served);
    auto found = rows_.find(key_);
    if (found == rows_.end()) {
        Row row{hour,         call.model, call.model_served,
                call.channel, call.token, call.account,
                call.user,    0,          0,
                {},           {}};
        found = rows_.emplace(key_, std::move(row)).first;
    }
    row_ = &found->second;
    span_ = &spans_.try_emplace(hour, Span{call.id.value, call.id.value}).first->second;
}

void Sums::clear() noexcept {
    rows_.clear();
    spans_.clear();
    row_ = nullptr;
    span_ = nullptr;
    calls_ = 0;
    units_ = 0;
}

Result<void> Sums::store(Connection& connection) const {
    static const auto hours = upsert_sql("hour");
    static const auto days = upsert_sql("day");
    for (const auto& [key, row] : rows_) {
        auto done = upsert(connection, hours, row.hour, row);
        if (done)
            done = upsert(connection, days, (row.hour - (row.hour < 0 ? 23 : 0)) / 24, row);
        if (!done)
            return done;
    }
    return store_spans(connection);
}

Result<void> Sums::store_spans(Connection& connection) const {
    for (const auto& [hour, span] : spans_) {
        auto done = Query(connection, "INSERT INTO usage_span VALUES (?, ?, ?) ON CONFLICT DO "
                                      "UPDATE SET first = min(first, excluded.first), last = "
                                      "max(last, excluded.last)")
                        .bind(hour, span.first, span.last)
                        .run();
        if (!done)
            return done;
    }
    return Query(connection, "UPDATE fold SET rolled_rows = rolled_rows + ?, units = units + ?")
        .bind(calls_, units_)
        .run();
}

Result<FoldStep> RollUp::run(ChargeId limit, std::int64_t rows_max) {
    auto rolled = number(connection_, "SELECT rolled FROM fold");
    if (!rolled)
        return rolled.error();
    const auto& noted = pending_.noted();
    if (!noted.knows_above(*rolled))
        return from_rows(*rolled, limit, rows_max);
    // Rows with larger ids may still come before smaller ones: then the next time tells.
    if (noted.newest() > limit.value)
        return FoldStep{ChargeId{*rolled}, 0, false};
    return pending_.hand_over(*rolled, [this](const Sums& sums, ChargeId watermark) {
        return finish(sums, watermark.value);
    });
}

Result<FoldStep> RollUp::from_rows(std::int64_t rolled, ChargeId limit, std::int64_t rows_max) {
    Sums sums;
    FoldStep step{ChargeId{rolled}, 0, false};
    {
        static const std::string sql = "SELECT " + std::string(sum_figures) + " FROM " +
                                       usage_source +
                                       " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?";
        Query query(connection_, sql);
        query.bind(rolled, limit.value, rows_max);
        Call call;
        while (true) {
            auto more = query.step();
            if (!more)
                return more.error();
            if (!*more)
                break;
            read_figures(query, call);
            sums.add(call);
            step.watermark = call.id;
            ++step.rows;
        }
    }
    step.more = step.rows == rows_max;
    if (auto done = finish(sums, step.watermark.value); !done)
        return done.error();
    auto newest = newest_charge(connection_);
    if (!newest)
        return newest.error();
    pending_.restart(*newest);
    return step;
}

Result<void> RollUp::finish(const Sums& sums, std::int64_t rolled) {
    if (auto done = sums.store(connection_); !done)
        return done;
    return Query(connection_, "UPDATE fold SET rolled = ?").bind(rolled).run();
}

}  // namespace obliv::storage::sqlite
