#include "cli/commands/reconcile.hpp"

#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/reconcile/compare.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <set>

namespace obliv::cli {
namespace {

using reconcile::Bill;
using reconcile::Line;

Result<Bill> read_file(const std::string& path) {
    if (path == "-")
        return reconcile::read_bill(std::cin);
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(Code::not_found, "the bill " + visible(path) + " cannot be read");
    auto bill = reconcile::read_bill(file);
    if (bill)
        return bill;
    return std::move(bill.error()).in(visible(path));
}

/// The ids of the channels of a provider.
Result<std::set<std::string>> channels_of(Invocation& run, const std::string& provider) {
    std::set<std::string> ids;
    std::string cursor;
    do {
        Query query;
        query.add("limit", "1000");
        if (!cursor.empty())
            query.add("cursor", cursor);
        auto page = call(run, "GET", "/channels" + query.text());
        if (!page)
            return page.error();
        for (const auto& channel : page->value("data", Json::array()))
            if (channel.value("type", "") == provider)
                ids.insert(channel.value("id", ""));
        auto next = page->value("next_cursor", Json());
        cursor = next.is_string() ? next.get<std::string>() : "";
    } while (!cursor.empty());
    if (ids.empty())
        return fail(Code::not_found, "no channel has the type " + visible(provider));
    return ids;
}

std::int64_t sum_of(const Json& usage, std::initializer_list<const char*> names) {
    std::int64_t sum = 0;
    for (const char* name : names)
        sum += usage.value(name, std::int64_t{0});
    return sum;
}

Line line_of(const Json& group) {
    auto usage = group.value("usage", Json::object());
    Line line;
    line.requests = group.value("requests", std::int64_t{0});
    line.input = sum_of(
        usage, {"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in"});
    line.output = sum_of(usage, {"output", "reasoning", "audio_out"});
    line.cost = reconcile::cost_of(group.value("cost", "")).value_or(Money{});
    return line;
}

Result<Bill> our_figures(Invocation& run, const Bill& theirs) {
    auto last = parse_rfc3339(theirs.lines.rbegin()->first.first);
    if (!last || !parse_rfc3339(theirs.lines.begin()->first.first))
        return fail(Code::invalid_request, "a day of the bill is none of the calendar");
    std::set<std::string> channels;
    if (auto provider = run.values.text("provider")) {
        auto found = channels_of(run, *provider);
        if (!found)
            return found.error();
        channels = std::move(*found);
    }
    Query query;
    query.add("by", "day,served,channel");
    query.add("since", theirs.lines.begin()->first.first + "T00:00:00Z");
    query.add("until", rfc3339(*last + std::chrono::hours(24)));
    query.add("channel", run.values.text("channel"));
    auto report = call(run, "GET", "/usage/report" + query.text());
    if (!report)
        return report.error();
    Bill ours;
    for (const auto& group : report->value("data", Json::array())) {
        auto channel = group.value("channel", "0");
        if (channel == "0" || (!channels.empty() && !channels.contains(channel)))
            continue;
        auto added = ours.add(group.value("day", ""), group.value("served", ""), line_of(group));
        if (!added)
            return added.error();
    }
    return ours;
}

Json side_of(const Line& line) {
    return Json{{"requests", line.requests},
                {"input_tokens", line.input},
                {"output_tokens", line.output},
                {"cost", line.cost.text()}};
}

Result<reconcile::Rule> rule_of(const Invocation& run, const Bill& theirs) {
    auto rule = reconcile::usual_rule(theirs);
    rule.cost = rule.cost || run.values.has("cost");
    if (auto percent = run.values.text("tolerance")) {
        auto share = Money::parse(*percent);
        if (!share || *share < Money{} || *share > Money::dollars(100))
            return fail(Code::usage, "--tolerance: expected 0 to 100 (percent)");
        rule.tolerance_millionths = share->nanos() / 100'000;
    }
    if (rule.cost && !theirs.has_cost)
        return fail(Code::usage, "--cost: the bill tells no cost");
    return rule;
}

}  // namespace

Result<void> reconcile_ledger(Invocation& run) {
    auto theirs = read_file(run.argument(0));
    if (!theirs)
        return theirs.error();
    if (theirs->lines.empty())
        return fail(Code::invalid_request, "the bill has no lines");
    auto rule = rule_of(run, *theirs);
    if (!rule)
        return rule.error();
    auto ours = our_figures(run, *theirs);
    if (!ours)
        return ours.error();
    auto found = reconcile::compare(*theirs, *ours, *rule);
    Json rows = Json::array();
    for (const auto& each : found)
        rows.push_back(Json{{"day", each.day},
                            {"model", each.model.empty() ? Json(nullptr) : Json(each.model)},
                            {"ours", side_of(each.ours)},
                            {"theirs", side_of(each.theirs)}});
    auto shown = run.output.list("obliv.ledger.reconcile/1", rows, nullptr,
                                 {{"day", "DAY"},
                                  {"model", "MODEL"},
                                  {"ours.input_tokens", "OUR IN", true},
                                  {"theirs.input_tokens", "THEIR IN", true},
                                  {"ours.output_tokens", "OUR OUT", true},
                                  {"theirs.output_tokens", "THEIR OUT", true},
                                  {"ours.cost", "CHARGED", true},
                                  {"theirs.cost", "BILLED", true}});
    if (!shown)
        return shown;
    if (found.empty()) {
        run.output.note("the bill agrees: " + std::to_string(theirs->lines.size()) +
                        " days and models");
        return ok();
    }
    return fail(Code::gate, "the bill differs on " + std::to_string(found.size()) + " of " +
                                std::to_string(theirs->lines.size()) + " days and models");
}

}  // namespace obliv::cli
