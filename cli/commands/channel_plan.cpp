#include "cli/commands/channel_plan.hpp"

#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace obliv::cli {
namespace {

/// One step from what is to what is wanted.
struct Step {
    std::string action;  ///< add, change, remove, keep
    std::string name;
    std::vector<std::string> fields;  ///< of a change
    Json body;
};

/// Keys cannot be read back: what the server shows of them is compared.
Json shown_keys(const Json& keys) {
    Json hints = Json::array();
    for (const auto& key : keys)
        hints.push_back(Secret(key.get<std::string>()).hint());
    return hints;
}

bool same(const Json& channel, const std::string& field, const Json& wanted) {
    if (field == "keys")
        return channel.value("key_hints", Json::array()) == shown_keys(wanted);
    auto found = channel.find(field);
    return found != channel.end() && *found == wanted;
}

Step step_for(const Json& wanted, const std::map<std::string, Json>& existing,
              const PlanOptions& options) {
    Step step;
    step.name = wanted.value("name", "");
    step.body = wanted;
    auto there = existing.find(step.name);
    if (there == existing.end()) {
        step.action = "add";
        if (!step.body.contains("keys"))
            step.body["keys"] = Json::array();
        return step;
    }
    step.body.erase("name");
    for (auto field = step.body.begin(); field != step.body.end();) {
        if (same(there->second, field.key(), field.value())) {
            field = step.body.erase(field);
        } else {
            step.fields.push_back(field.key());
            ++field;
        }
    }
    step.action = options.change && !step.fields.empty() ? "change" : "keep";
    return step;
}

Result<std::vector<Step>> steps_of(const WantedChannels& wanted, const std::vector<Json>& channels,
                                   const PlanOptions& options) {
    std::map<std::string, Json> existing;
    for (const auto& channel : channels)
        existing[channel.value("name", "")] = channel;
    std::vector<Step> steps;
    for (const auto& one : wanted) {
        auto step = step_for(one, existing, options);
        bool twice = std::any_of(steps.begin(), steps.end(),
                                 [&](const Step& other) { return other.name == step.name; });
        if (twice)
            return fail(Code::usage, "the file has the channel '" + visible(step.name) + "' twice");
        steps.push_back(std::move(step));
    }
    for (const auto& [name, channel] : existing) {
        bool kept = std::any_of(steps.begin(), steps.end(),
                                [&](const Step& step) { return step.name == name; });
        if (!kept && options.remove)
            steps.push_back({"remove", name, {}, nullptr});
    }
    return steps;
}

Result<void> perform(Invocation& run, const Step& step) {
    Result<Json> done = Json(nullptr);
    auto path = "/channels/" + encoded(step.name);
    if (step.action == "add")
        done = call(run, "POST", "/channels", step.body);
    else if (step.action == "change")
        done = call(run, "PATCH", path, step.body);
    else if (step.action == "remove")
        done = call(run, "DELETE", path);
    if (!done)
        return std::move(done.error()).in("channel '" + step.name + "'");
    return ok();
}

Result<void> show(Invocation& run, const std::vector<Step>& steps, const PlanOptions& options) {
    Json rows = Json::array();
    for (const auto& step : steps)
        rows.push_back(Json{{"action", step.action},
                            {"channel", step.name},
                            {"fields", step.fields},
                            {"dry_run", run.dry_run()}});
    return run.output.list(options.schema, rows, nullptr,
                           {{"action", "ACTION"}, {"channel", "CHANNEL"}, {"fields", "FIELDS"}});
}

}  // namespace

Result<std::vector<Json>> all_channels(Invocation& run) {
    std::vector<Json> channels;
    std::string cursor;
    do {
        auto page =
            call(run, "GET",
                 "/channels?limit=200" + (cursor.empty() ? "" : "&cursor=" + encoded(cursor)));
        if (!page)
            return page.error();
        if (!page->is_object() || !page->contains("data"))
            return fail(Code::upstream_failed, "the answer is no list: is this server an oblivd?");
        for (auto& channel : (*page)["data"])
            channels.push_back(channel);
        const auto& next = (*page)["next_cursor"];
        cursor = next.is_string() ? next.get<std::string>() : std::string();
    } while (!cursor.empty());
    return channels;
}

Result<void> carry_out(Invocation& run, const WantedChannels& wanted, const PlanOptions& options) {
    auto channels = all_channels(run);
    if (!channels)
        return channels.error();
    auto steps = steps_of(wanted, *channels, options);
    if (!steps)
        return steps.error();
    if (auto shown = show(run, *steps, options); !shown)
        return shown;
    if (run.dry_run()) {
        run.output.note("nothing was changed");
        return ok();
    }
    auto removed = std::count_if(steps->begin(), steps->end(),
                                 [](const Step& step) { return step.action == "remove"; });
    if (removed > 0)
        if (auto sure = run.confirm("Remove " + std::to_string(removed) + " channel(s)"); !sure)
            return sure;
    std::size_t done = 0;
    for (const auto& step : *steps) {
        if (step.action == "keep")
            continue;
        if (auto performed = perform(run, step); !performed)
            return std::move(performed.error()).in(std::to_string(done) + " step(s) done");
        ++done;
    }
    run.output.note(done == 0 ? "nothing to change" : std::to_string(done) + " step(s) done");
    return ok();
}

}  // namespace obliv::cli
