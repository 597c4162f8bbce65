#include "cli/dashboard/dashboard.hpp"

#include "cli/dashboard/spark.hpp"
#include "cli/output/table.hpp"
#include "cli/output/width.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace obliv::cli {
namespace {

constexpr std::size_t narrow = 60;  // columns below which tables are short of columns
constexpr std::size_t fewest_rows = 3;

const Json& part(const Json& object, const char* key) {
    static const Json nothing = Json::object();
    if (!object.is_object())
        return nothing;
    auto found = object.find(key);
    return found == object.end() ? nothing : *found;
}

/// A number of a reply; 0 if there is none: nothing here is worth ending the display for.
double number(const Json& object, const char* key) {
    const auto& value = part(object, key);
    return value.is_number() ? value.get<double>() : 0.0;
}

std::string text(const Json& object, const char* key) {
    const auto& value = part(object, key);
    return value.is_string() ? value.get<std::string>() : "-";
}

std::string decimals(double value, int places) {
    std::array<char, 64> out{};
    auto length = std::snprintf(out.data(), out.size(), "%.*f", places, value);
    return {out.data(), static_cast<std::size_t>(std::clamp(length, 0, 63))};
}

std::string percent(double share) {
    return decimals(share * 100.0, 1) + " %";
}

/// 1234567 as 1.23M: a figure on a screen is read at a glance.
std::string short_count(double value) {
    if (value < 10'000)
        return decimals(value, 0);
    if (value < 1e6)
        return decimals(value / 1e3, 1) + "k";
    return value < 1e9 ? decimals(value / 1e6, 2) + "M" : decimals(value / 1e9, 2) + "G";
}

std::string span(const Json& figures, const char* key) {
    const auto& value = part(figures, key);
    if (!value.is_number())
        return "-";
    auto ms = value.get<double>();
    return ms < 1000.0 ? decimals(ms, 0) + " ms" : decimals(ms / 1000.0, 1) + " s";
}

const Json& window(const Json& live, std::string_view name) {
    static const Json nothing = Json::object();
    const auto& windows = part(live, "windows");
    if (windows.is_array())
        for (const auto& each : windows)
            if (text(each, "window") == name)
                return each;
    return nothing;
}

std::string today_line(const Json& live) {
    const auto& today = part(live, "today");
    auto line = "today   " + short_count(number(today, "requests")) + " requests   " +
                text(today, "cost") + " USD   ";
    return line +
           (number(today, "requests") > 0 ? percent(1.0 - number(today, "error_rate")) : "-") +
           " succeeded";
}

std::string now_line(const Json& live) {
    const auto& second = part(window(live, "1s"), "total");
    const auto& minutes = part(window(live, "5m"), "total");
    return "now     " + short_count(number(second, "requests")) +
           "/s   5 min: " + short_count(number(minutes, "requests")) + " requests, " +
           percent(number(minutes, "error_rate")) + " errors, p50 " + span(minutes, "p50_ms") +
           ", p95 " + span(minutes, "p95_ms") + ", p99 " + span(minutes, "p99_ms");
}

std::string trend_line(const Json& live, std::size_t columns) {
    std::vector<std::int64_t> values;
    const auto& minutes = part(live, "minutes");
    if (minutes.is_array())
        for (const auto& minute : minutes)
            values.push_back(static_cast<std::int64_t>(number(minute, "requests")));
    constexpr std::size_t label = 8;
    return "hour    " + sparkline(values, columns > label ? columns - label : 0);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (auto line : split(text, '\n'))
        out.emplace_back(line);
    if (!out.empty() && out.back().empty())
        out.pop_back();
    return out;
}

std::vector<std::string> models_table(const Json& live, std::size_t rows, const Screen& screen) {
    const auto& day = window(live, "24h");
    auto all = std::max(number(part(day, "total"), "requests"), 1.0);
    std::vector<Column> columns{
        {"", "MODEL, 24 H"}, {"", "SHARE"}, {"", "", true}, {"", "REQUESTS", true}};
    bool wide = screen.columns >= narrow;
    if (wide)
        for (const char* title : {"ERRORS", "TOKENS", "COST", "P95"})
            columns.push_back({"", title, true});
    for (auto& column : columns)
        column.path = column.title.empty() ? " " : column.title;
    Cells cells;
    const auto& models = part(day, "models");
    for (std::size_t i = 0; models.is_array() && i < std::min(rows, models.size()); ++i) {
        const auto& figures = part(models[i], "figures");
        auto share = number(figures, "requests") / all;
        auto& row = cells.emplace_back();
        row.push_back(part(models[i], "key").is_string() ? text(models[i], "key") : "all others");
        row.push_back(share_bar(share, 10));
        row.push_back(decimals(share * 100.0, 0) + " %");
        row.push_back(short_count(number(figures, "requests")));
        if (!wide)
            continue;
        row.push_back(short_count(number(figures, "errors")));
        row.push_back(
            short_count(number(figures, "input_tokens") + number(figures, "output_tokens")));
        row.push_back(text(figures, "cost"));
        row.push_back(span(figures, "p95_ms"));
    }
    return lines_of(table_text(columns, cells, screen.columns, screen.color));
}

std::vector<std::string> calls_table(const Json& calls, std::size_t rows, const Screen& screen) {
    std::vector<Column> columns{
        {"", "LAST CALLS"}, {"", "MODEL"}, {"", "STATUS", true}, {"", "MS", true}};
    bool wide = screen.columns >= narrow;
    if (wide)
        for (const char* title : {"TOKEN", "CHANNEL", "COST"})
            columns.push_back({"", title, true});
    for (auto& column : columns)
        column.path = column.title;
    Cells cells;
    for (std::size_t i = 0; calls.is_array() && i < std::min(rows, calls.size()); ++i) {
        const auto& call = calls[i];
        auto time = text(call, "time");
        auto& row = cells.emplace_back();
        // 2026-01-01T12:34:56.789Z
        row.push_back(time.size() >= 19 ? time.substr(11, 8) : time);
        row.push_back(text(call, "model"));
        row.push_back(decimals(number(call, "status"), 0));
        row.push_back(decimals(number(call, "duration_ms"), 0));
        if (!wide)
            continue;
        row.push_back(text(call, "token_id"));
        row.push_back(text(call, "channel_id"));
        row.push_back(text(call, "cost"));
    }
    return lines_of(table_text(columns, cells, screen.columns, screen.color));
}

}  // namespace

std::vector<std::string> dashboard(const Json& live, const Json& calls, const std::string& trouble,
                                   const Screen& screen) {
    std::vector<std::string> lines;
    auto add = [&](std::vector<std::string> more) {
        for (auto& line : more)
            lines.push_back(std::move(line));
    };
    auto clock = text(live, "time");
    add({"oblivd  " + (clock.size() >= 19 ? clock.substr(11, 8) + " UTC" : clock) +
             (trouble.empty() ? "" : "   no answer: " + visible(trouble)),
         visible(today_line(live)), visible(now_line(live)), trend_line(live, screen.columns), ""});
    // Both tables have a head, and a line is between them.
    auto left = screen.rows > lines.size() + 3 ? screen.rows - lines.size() - 3 : 0;
    auto models = std::max(left / 2, fewest_rows);
    auto shown = models_table(live, models, screen);
    auto used = shown.size() - 1;
    add(std::move(shown));
    add({""});
    add(calls_table(calls, std::max(left > used ? left - used : 0, fewest_rows), screen));
    if (lines.size() > screen.rows)
        lines.resize(screen.rows);
    for (auto& line : lines)
        // Escapes of a coloured head take no columns, and tables fit by themselves where they can.
        if (line.find('\x1b') == std::string::npos)
            line = cut_to_width(line, screen.columns);
    return lines;
}

}  // namespace obliv::cli
