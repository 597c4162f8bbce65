#include "core/storage/sqlite/report.hpp"

#include "core/storage/sqlite/stores.hpp"
#include "core/storage/sqlite/where.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>
#include <set>

namespace obliv::storage::sqlite {
namespace {

constexpr std::int64_t hour_nanos = 3'600'000'000'000;
constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

std::int64_t floor_div(std::int64_t value, std::int64_t by) noexcept {
    auto whole = value / by;
    return value % by < 0 ? whole - 1 : whole;
}

std::int64_t ceil_div(std::int64_t value, std::int64_t by) noexcept {
    return -floor_div(-value, by);
}

WallTime time_of_hour(std::int64_t hour) noexcept {
    return from_unix_nanos(hour * hour_nanos);
}

Part whole(Part::Source source, std::int64_t from, std::int64_t to) {
    Part part;
    part.source = source;
    part.from = from;
    part.to = to;
    return part;
}

/// Rows that are summed up already, of a part of an hour: its ids are known.
Result<void> add_rows(Connection& connection, std::vector<Part>& parts, std::int64_t rolled,
                      WallTime since, WallTime until) {
    if (since >= until)
        return ok();
    Query query(connection, "SELECT min(first), max(last) FROM usage_span WHERE hour >= ? AND "
                            "hour <= ?");
    query.bind(hour_of(since), hour_of(until));
    auto row = query.step();
    if (!row)
        return row.error();
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
    if (*row)
        query.read(first, last);
    if (!first || !last)
        return ok();
    Part part;
    part.above = *first - 1;
    part.up_to = std::min(*last, rolled);
    part.since = since;
    part.until = until;
    parts.push_back(part);
    return ok();
}

/// Whole hours, as days where that is possible.
void add_hours(std::vector<Part>& parts, std::int64_t from, std::int64_t to, bool days) {
    if (from >= to)
        return;
    auto first_day = ceil_div(from, 24);
    auto last_day = to == forever ? forever : floor_div(to, 24);
    if (!days || first_day >= last_day) {
        parts.push_back(whole(Part::Source::hours, from, to));
        return;
    }
    if (from < first_day * 24)
        parts.push_back(whole(Part::Source::hours, from, first_day * 24));
    parts.push_back(whole(Part::Source::days, first_day, last_day));
    if (to != forever && last_day * 24 < to)
        parts.push_back(whole(Part::Source::hours, last_day * 24, to));
}

std::string sums_condition(const UsageFilter& filter) {
    std::string text;
    if (!filter.model.empty())
        text += " AND model = ?";
    for (auto [given, name] : {std::pair(filter.token.value, " AND token = ?"),
                               {filter.account.value, " AND account = ?"},
                               {filter.channel.value, " AND channel = ?"},
                               {filter.user.value, " AND user = ?"}})
        if (given != 0)
            text += name;
    return text;
}

Result<void> read_sums(Connection& connection, const Part& part, const UsageFilter& filter,
                       const Take& take) {
    bool days = part.source == Part::Source::days;
    std::string time = days ? "day" : "hour";
    auto sql = "SELECT " + time +
               ", model, served, channel, token, account, user, requests, errors, input, "
               "cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, output, "
               "reasoning, audio_out, images, seconds, characters, searches, cost FROM usage_" +
               time + " WHERE " + time + " >= ? AND " + time + " < ?" + sums_condition(filter);
    Query query(connection, sql);
    query.bind(part.from, part.to);
    if (!filter.model.empty())
        query.bind(filter.model);
    for (auto given :
         {filter.token.value, filter.account.value, filter.channel.value, filter.user.value})
        if (given != 0)
            query.bind(given);
    Sums::Row row;
    auto& usage = row.usage;
    while (true) {
        auto more = query.step();
        if (!more)
            return more.error();
        if (!*more)
            return ok();
        query.read(row.hour, row.model, row.served, row.channel, row.token, row.account, row.user,
                   row.requests, row.errors, usage.input, usage.cache_read, usage.cache_write_5m,
                   usage.cache_write_1h, usage.audio_in, usage.image_in, usage.output,
                   usage.reasoning, usage.audio_out, usage.images, usage.seconds, usage.characters,
                   usage.searches, row.cost);
        if (days)
            row.hour *= 24;
        take(row);
    }
}

Result<void> read_rows(Connection& connection, const Part& part, const UsageFilter& filter,
                       const Take& take) {
    auto narrowed = filter;
    narrowed.since = part.since;
    narrowed.until = part.until;
    Where where(narrowed);
    Query query(connection, "SELECT " + std::string(sum_figures) + " FROM " + usage_source +
                                " WHERE id > ? AND id <= ?" + where.text());
    query.bind(part.above, part.up_to);
    where.bind(query);
    Call call;
    Sums::Row row;
    while (true) {
        auto more = query.step();
        if (!more)
            return more.error();
        if (!*more)
            return ok();
        read_figures(query, call);
        row.hour = hour_of(call.time);
        std::swap(row.model, call.model);
        std::swap(row.served, call.model_served);
        row.channel = call.channel;
        row.token = call.token;
        row.account = call.account;
        row.user = call.user;
        row.requests = 1;
        row.errors = counts_as_error(call) ? 1 : 0;
        row.usage = call.usage;
        row.cost = call.cost;
        take(row);
    }
}

/// 2026-01-31T05:00:00Z and its beginnings.
std::string time_text(UsageKey key, std::int64_t hour) {
    std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::days(floor_div(hour, 24))));
    std::array<char, 48> text{};
    auto year = static_cast<int>(date.year());
    auto month = static_cast<unsigned>(date.month());
    auto day = static_cast<unsigned>(date.day());
    if (key == UsageKey::month)
        std::snprintf(text.data(), text.size(), "%04d-%02u", year, month);
    else if (key == UsageKey::day)
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", year, month, day);
    else
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:00:00Z", year, month, day,
                      static_cast<int>(hour - floor_div(hour, 24) * 24));
    return text.data();
}

/// The hour with which the day or the month of `hour` begins.
std::int64_t begin_of(UsageKey key, std::int64_t hour) noexcept {
    if (key == UsageKey::hour)
        return hour;
    auto day = floor_div(hour, 24);
    if (key == UsageKey::day)
        return day * 24;
    std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    return std::chrono::sys_days(date.year() / date.month() / 1).time_since_epoch().count() * 24;
}

bool is_text(UsageKey key) noexcept {
    return key == UsageKey::model || key == UsageKey::served;
}

bool is_time(UsageKey key) noexcept {
    return key == UsageKey::hour || key == UsageKey::day || key == UsageKey::month;
}

std::int64_t number_of(UsageKey key, const Sums::Row& row) noexcept {
    switch (key) {
    case UsageKey::token:
        return row.token.value;
    case UsageKey::account:
        return row.account.value;
    case UsageKey::channel:
        return row.channel.value;
    case UsageKey::user:
        return row.user.value;
    default:
        return begin_of(key, row.hour);
    }
}

/// Sums by the keys that are asked for. A key is kept as bytes until all is summed up: making texts
/// of it for each row would cost more than the sums.
class Grouping {
public:
    explicit Grouping(const std::vector<UsageKey>& by) : by_(by) {}

    void add(const Sums::Row& row) {
        key_.clear();
        for (auto key : by_) {
            if (is_text(key)) {
                const auto& text = key == UsageKey::model ? row.model : row.served;
                append(static_cast<std::int64_t>(text.size()));
                key_ += text;
            } else {
                append(number_of(key, row));
            }
        }
        auto& group = groups_[key_];
        group.requests += row.requests;
        group.errors += row.errors;
        add_usage(group.usage, row.usage);
        group.cost += row.cost;
    }

    std::vector<UsageGroup> take() {
        std::vector<UsageGroup> out;
        for (auto& [key, group] : groups_) {
            group.key = texts(key);
            out.push_back(std::move(group));
        }
        // Without keys there is one group, even of nothing.
        if (by_.empty() && out.empty())
            out.emplace_back();
        std::sort(out.begin(), out.end(),
                  [](const UsageGroup& a, const UsageGroup& b) { return a.key < b.key; });
        return out;
    }

private:
    void append(std::int64_t value) {
        key_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }

    std::vector<std::string> texts(std::string_view bytes) const {
        std::vector<std::string> out;
        for (auto key : by_) {
            std::int64_t number = 0;
            std::memcpy(&number, bytes.data(), sizeof number);
            bytes.remove_prefix(sizeof number);
            if (is_text(key)) {
                out.emplace_back(bytes.substr(0, static_cast<std::size_t>(number)));
                bytes.remove_prefix(static_cast<std::size_t>(number));
            } else {
                out.push_back(is_time(key) ? time_text(key, number) : std::to_string(number));
            }
        }
        return out;
    }

    const std::vector<UsageKey>& by_;
    std::string key_;
    std::unordered_map<std::string, UsageGroup> groups_;
};

/// Who was active when, in the order of time.
class Business {
public:
    explicit Business(bool monthly) : key_(monthly ? UsageKey::month : UsageKey::day) {}

    void add(const Sums::Row& row) {
        auto& period = periods_[begin_of(key_, row.hour)];
        period.row.requests += row.requests;
        period.row.revenue += row.cost;
        period.users.insert(row.user ? row.user.value : -row.account.value);
    }

    /// Those from `first` (an hour) on; who was active before only returns.
    std::vector<BusinessRow> take(std::int64_t first) {
        std::vector<BusinessRow> out;
        std::set<std::int64_t> known;
        for (auto& [begin, period] : periods_) {
            auto& row = period.row;
            row.period = time_text(key_, begin);
            row.active = static_cast<std::int64_t>(period.users.size());
            for (auto user : period.users)
                row.returning += known.insert(user).second ? 0 : 1;
            if (begin >= first)
                out.push_back(std::move(row));
        }
        return out;
    }

private:
    struct Period {
        BusinessRow row;
        std::set<std::int64_t> users;
    };
    UsageKey key_;
    std::map<std::int64_t, Period> periods_;
};

}  // namespace

Result<std::vector<Part>> parts_of(Connection& connection, const UsageFilter& filter, bool days) {
    std::int64_t rolled = 0;
    {
        Query query(connection, "SELECT rolled FROM fold");
        auto row = query.step();
        if (!row)
            return row.error();
        if (*row)
            query.read(rolled);
    }
    std::vector<Part> parts;
    Part tail;
    tail.since = filter.since;
    tail.until = filter.until;
    // Nobody sums up by error.
    if (!filter.error.empty())
        return std::vector<Part>{tail};
    tail.above = rolled;
    parts.push_back(tail);
    auto since = filter.since ? unix_nanos(*filter.since) : -forever;
    auto until = filter.until ? unix_nanos(*filter.until) : forever;
    auto first = filter.since ? ceil_div(since, hour_nanos) : -forever / 24;
    auto last = filter.until ? floor_div(until, hour_nanos) : forever;
    if (filter.since && filter.until && first > last) {
        // All of it lies in one hour.
        auto done = add_rows(connection, parts, rolled, *filter.since, *filter.until);
        return done ? Result<std::vector<Part>>(std::move(parts)) : done.error();
    }
    Result<void> done = ok();
    if (filter.since)
        done = add_rows(connection, parts, rolled, *filter.since, time_of_hour(first));
    if (done && filter.until)
        done = add_rows(connection, parts, rolled, time_of_hour(last), *filter.until);
    if (!done)
        return done.error();
    add_hours(parts, first, last, days);
    return parts;
}

Result<void> read_part(Connection& connection, const Part& part, const UsageFilter& filter,
                       const Take& take) {
    if (part.source == Part::Source::rows)
        return read_rows(connection, part, filter, take);
    return read_sums(connection, part, filter, take);
}

Result<std::vector<UsageGroup>> SqliteUsage::report(const UsageFilter& filter,
                                                    const std::vector<UsageKey>& by) {
    bool hourly = std::find(by.begin(), by.end(), UsageKey::hour) != by.end();
    auto parts = parts_of(context_.connection, filter, !hourly);
    if (!parts)
        return parts.error();
    Grouping grouping(by);
    for (const auto& part : *parts)
        if (auto done = read_part(context_.connection, part, filter,
                                  [&](const Sums::Row& row) { grouping.add(row); });
            !done)
            return done.error();
    return grouping.take();
}

Result<std::vector<BusinessRow>> SqliteUsage::business(const UsageFilter& filter, bool monthly) {
    // From the beginning on: who comes back is known by who was there before.
    auto all = filter;
    all.since.reset();
    all.error.clear();
    auto parts = parts_of(context_.connection, all, true);
    if (!parts)
        return parts.error();
    Business business(monthly);
    for (const auto& part : *parts)
        if (auto done = read_part(context_.connection, part, all,
                                  [&](const Sums::Row& row) { business.add(row); });
            !done)
            return done.error();
    auto first = filter.since ? hour_of(*filter.since) : -forever;
    if (filter.since)
        first = begin_of(monthly ? UsageKey::month : UsageKey::day, first);
    return business.take(first);
}

}  // namespace obliv::storage::sqlite
