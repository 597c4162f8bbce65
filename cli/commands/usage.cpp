#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"
#include "cli/commands/usage_top.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace obliv::cli {
namespace {

constexpr std::chrono::milliseconds poll_pause{1000};

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"time", "TIME"},
                                          {"model", "MODEL"},
                                          {"token_id", "TOKEN", true},
                                          {"channel_id", "CHANNEL", true},
                                          {"status", "STATUS", true},
                                          {"error", "ERROR"},
                                          {"usage.input", "IN", true},
                                          {"usage.output", "OUT", true},
                                          {"cost", "COST", true},
                                          {"ttft_ms", "TTFT MS", true},
                                          {"duration_ms", "MS", true},
                                          {"request_id", "REQUEST"}};
    return list;
}

Query filters(const Values& values) {
    Query query;
    auto now = real_clock().wall();
    query.add("since", values.time("since", now));
    query.add("until", values.time("until", now));
    for (const char* name : {"model", "token", "account", "channel", "user", "error"})
        query.add(name, values.text(name));
    return query;
}

Result<void> report_attempts(Invocation& run) {
    return show_list(
        run, "/usage/attempts" + filters(run.values).text(), "obliv.usage.attempts/1",
        {{"channel.name", "CHANNEL"}, {"cause", "CAUSE"}, {"attempts", "ATTEMPTS", true}});
}

Result<void> report_business(Invocation& run) {
    auto by = run.values.list("by");
    if (by.size() > 1 || (by.size() == 1 && by[0] != "day" && by[0] != "month"))
        return fail(Code::usage, "--business is by day or by month");
    if (run.values.has("error"))
        return fail(Code::usage, "--business and --error exclude each other");
    auto query = filters(run.values);
    query.add("by", by.empty() ? "day" : by[0]);
    return show_list(run, "/usage/business" + query.text(), "obliv.usage.business/1",
                     {{"period", by.empty() || by[0] == "day" ? "DAY" : "MONTH"},
                      {"active_users", "ACTIVE", true},
                      {"new_users", "NEW", true},
                      {"returning_users", "RETURNING", true},
                      {"requests", "REQUESTS", true},
                      {"revenue", "REVENUE", true}});
}

Result<void> report(Invocation& run) {
    if (run.values.has("attempts") && run.values.has("business"))
        return fail(Code::usage, "--attempts and --business exclude each other");
    if (run.values.has("attempts"))
        return report_attempts(run);
    if (run.values.has("business"))
        return report_business(run);
    auto by = run.values.list("by");
    if (by.empty())
        by.emplace_back("model");
    std::string joined_by;
    std::vector<Column> shown;
    for (auto& name : by) {
        static constexpr std::array<std::string_view, 9> known{
            "model", "served", "channel", "token", "user", "account", "hour", "day", "month"};
        if (name == "time")
            name = "hour";
        if (std::find(known.begin(), known.end(), name) == known.end())
            return fail(Code::usage, "--by: expected model, served, channel, token, user, account, "
                                     "hour, day or month, got '" +
                                         visible(name) + "'");
        joined_by += (joined_by.empty() ? "" : ",") + name;
        auto title = name;
        std::transform(title.begin(), title.end(), title.begin(),
                       [](char c) { return static_cast<char>(c - 32); });
        shown.push_back({name, title});
    }
    for (Column column : {Column{"requests", "REQUESTS", true}, Column{"errors", "ERRORS", true},
                          Column{"usage.input", "IN", true}, Column{"usage.output", "OUT", true},
                          Column{"cost", "COST", true}})
        shown.push_back(column);
    auto query = filters(run.values);
    query.add("by", joined_by);
    return show_list(run, "/usage/report" + query.text(), "obliv.usage.report/1", shown);
}

Result<Json> latest(Invocation& run, std::int64_t limit) {
    auto query = filters(run.values);
    query.add("limit", std::to_string(limit));
    auto page = call(run, "GET", "/usage" + query.text());
    if (!page)
        return page;
    auto rows = page->is_object() ? page->value("data", Json::array()) : Json::array();
    // The API has the newest first; a tail ends with it.
    std::reverse(rows.begin(), rows.end());
    return rows;
}

/// Prints the rows that were not printed before.
Result<void> print_new(Invocation& run, const Json& rows, std::set<std::string>& seen) {
    bool events = run.output.options().form == Form::ndjson;
    for (const auto& row : rows) {
        if (!seen.insert(row.value("request_id", "")).second)
            continue;
        Json line{{"type", "usage"}};
        line.update(row);
        std::string text;
        for (const auto& cells : cells_of(Json::array({row}), columns()))
            for (const auto& cell : cells)
                text += (text.empty() ? "" : "\t") + cell;
        if (run.output.out_style().is_terminal)
            text = visible(text);
        auto written = events ? run.output.event(line) : run.output.piece(text + "\n");
        if (!written)
            return written;
    }
    return ok();
}

Result<void> follow(Invocation& run, std::int64_t limit) {
    if (run.output.options().form == Form::json)
        return fail(Code::usage, "--follow has no end, so it takes --ndjson instead of --json");
    std::set<std::string> seen;
    while (true) {
        auto rows = latest(run, limit);
        if (!rows)
            return rows.error();
        if (auto printed = print_new(run, *rows, seen); !printed)
            return printed;
        // Rows that have left the page cannot come back: remembering the page is enough.
        std::set<std::string> page;
        for (const auto& row : *rows)
            page.insert(row.value("request_id", ""));
        seen = std::move(page);
        limit = 1000;
        if (auto slept = run.interrupt.sleep(poll_pause); !slept)
            return slept;
    }
}

Result<void> tail(Invocation& run) {
    auto limit = run.values.count("limit").value_or(20);
    if (run.values.has("follow"))
        return follow(run, limit);
    auto rows = latest(run, limit);
    if (!rows)
        return rows.error();
    return run.output.list("obliv.usage.tail/1", *rows, nullptr, columns());
}

Result<void> recompute(Invocation& run) {
    if (!run.dry_run())
        return fail(Code::usage, "what was charged is never changed: use --dry-run, and obliv "
                                 "account adjust to make good what it finds");
    auto audit = call(run, "GET", "/usage/recompute" + filters(run.values).text());
    if (!audit)
        return audit.error();
    auto differences = audit->value("differences", Json::array());
    auto shown = run.output.object("obliv.usage.recompute/1", *audit,
                                   {{"calls", "calls"},
                                    {"unpriced", "unpriced"},
                                    {"differing", "differing"},
                                    {"charged", "charged"},
                                    {"recomputed", "recomputed"}});
    if (!shown)
        return shown;
    auto differing = audit->value("differing", 0);
    if (differing == 0)
        return ok();
    if (run.output.options().form == Form::human)
        for (const auto& each : differences)
            run.output.warn("call " + cell_text(each["request_id"]) + " was charged " +
                            cell_text(each["charged"]) + " and comes to " +
                            cell_text(each["recomputed"]));
    return fail(Code::gate,
                std::to_string(differing) + (differing == 1 ? " bill differs" : " bills differ"));
}

std::vector<Flag> filter_flags() {
    return {
        {.name = "since",
         .value = "TIME",
         .help = "Not before: a time, or -24h",
         .kind = Kind::time},
        {.name = "until", .value = "TIME", .help = "Before: a time, or -1h", .kind = Kind::time},
        {.name = "model", .value = "ID", .help = "Only this model", .letter = 'm'},
        {.name = "token", .value = "ID", .help = "Only this token"},
        {.name = "account", .value = "ID", .help = "Only this account"},
        {.name = "channel", .value = "ID", .help = "Only this channel"},
        {.name = "user", .value = "ID", .help = "Only this user"},
        {.name = "error", .value = "NAME", .help = "Only calls that failed with this error"}};
}

std::vector<Code> joined_errors() {
    auto errors = remote_errors();
    errors.push_back(Code::gate);
    return errors;
}

}  // namespace

Command usage_command() {
    Command command{.name = "usage", .summary = "Read what was used and what it cost"};
    command.verbs = {
        {.name = "report",
         .summary = "Sum up usage and cost",
         .flags =
             joined({{.name = "by",
                      .value = "A,B",
                      .help = "Group by model, served, channel, token, user, account, hour, day, "
                              "month (model if not given)"},
                     {.name = "business",
                      .value = "",
                      .help = "Active and returning users, calls and revenue instead, by day or "
                              "month"},
                     {.name = "attempts",
                      .value = "",
                      .help = "Count calls to providers instead, by channel and how they ended"}},
                    filter_flags()),
         .examples = {{"obliv usage report --by model,day --since -7d", "The week"},
                      {"obliv usage report --by token --format csv",
                       "Per token, for a spreadsheet"},
                      {"obliv usage report --business --by month", "How the business goes"},
                      {"obliv usage report --attempts --since -24h",
                       "Which channels fail, and how"}},
         .errors = remote_errors(),
         .run = report},
        {.name = "tail",
         .summary = "Show the latest calls, the newest last",
         .flags =
             joined({{.name = "limit",
                      .value = "N",
                      .help = "How many (20 if not given)",
                      .kind = Kind::count},
                     {.name = "follow", .value = "", .help = "Go on with new ones until Ctrl-C"}},
                    filter_flags()),
         .examples = {{"obliv usage tail", "The last twenty"},
                      {"obliv usage tail --follow --ndjson", "Every call as it ends"},
                      {"obliv usage tail --error upstream_timeout", "Who was too slow"}},
         .errors = remote_errors(),
         .run = tail},
        {.name = "recompute",
         .summary = "Recompute every bill from its row and its price, and list what differs",
         .details =
             "Every usage row names the version of the price that it was charged at and what "
             "part of it. Nothing is changed, so --dry-run has to be said. The exit code is "
             "that of a failed gate when a bill differs.",
         .flags = filter_flags(),
         .examples = {{"obliv usage recompute --dry-run", "All of them"},
                      {"obliv usage recompute --dry-run --since -30d --json", "Of a month"}},
         .errors = joined_errors(),
         .run = recompute},
        {.name = "top",
         .summary = "Watch calls, cost and models, once a second",
         .details = "Today's requests, cost and success, the last hour minute by minute, the "
                    "models of the last 24 hours and the latest calls. q or Ctrl-C leaves. "
                    "Without a terminal it is shown once.",
         .examples = {{"obliv usage top", "The dashboard"},
                      {"obliv usage top --json", "Its figures, once, for a script"}},
         .errors = remote_errors(),
         .run = usage_top},
    };
    return command;
}

}  // namespace obliv::cli
