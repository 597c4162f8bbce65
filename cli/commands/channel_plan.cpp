#include "cli/commands/channel_plan.hpp"

#include "cli/commands/batch.hpp"
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
    bool done = false;
    Json error{};  ///< why it was not done
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
    for (const auto& entry : existing) {
        bool kept = std::any_of(steps.begin(), steps.end(),
                                [&](const Step& step) { return step.name == entry.first; });
        if (!kept && options.remove)
            steps.push_back({"remove", entry.first, {}, nullptr});
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
    return done ? ok() : Result<void>(done.error());
}

Result<void> show(Invocation& run, const std::vector<Step>& steps, const PlanOptions& options) {
    Json rows = Json::array();
    for (const auto& step : steps)
        rows.push_back(Json{{"action", step.action},
                            {"channel", step.name},
                            {"fields", step.fields},
                            {"dry_run", run.dry_run()},
                            {"done", step.done},
                            {"error", step.error}});
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

/// Everything that can be done is done, but what is to replace a channel goes before the channel:
/// after a failure nothing is removed.
Result<void> perform_all(Invocation& run, std::vector<Step>& steps) {
    auto todo = std::count_if(steps.begin(), steps.end(),
                              [](const Step& step) { return step.action != "keep"; });
    Failures failures(static_cast<std::size_t>(todo));
    for (auto& step : steps) {
        if (step.action == "keep")
            continue;
        auto performed = step.action == "remove" && !failures.none()
                             ? Result<void>(fail(Code::conflict, "not removed after a failure"))
                             : perform(run, step);
        step.done = static_cast<bool>(performed);
        if (performed)
            continue;
        step.error = error_json(performed.error(), {})["error"];
        failures.add(step.name, performed.error());
        if (stops_batch(performed.error().code))
            return std::move(performed.error()).in("channel '" + step.name + "'");
    }
    auto done =
        std::count_if(steps.begin(), steps.end(), [](const Step& step) { return step.done; });
    run.output.note(todo == 0 ? "nothing to change" : std::to_string(done) + " step(s) done");
    return failures.verdict();
}

Result<void> confirm_removals(const Invocation& run, const std::vector<Step>& steps) {
    auto removed = std::count_if(steps.begin(), steps.end(),
                                 [](const Step& step) { return step.action == "remove"; });
    return removed == 0 ? ok() : run.confirm("Remove " + std::to_string(removed) + " channel(s)");
}

Result<void> carry_out(Invocation& run, const WantedChannels& wanted, const PlanOptions& options) {
    auto channels = all_channels(run);
    if (!channels)
        return channels.error();
    auto steps = steps_of(wanted, *channels, options);
    if (!steps)
        return steps.error();
    // People see the plan before they are asked; a document is written once, with what came of it.
    bool early = run.dry_run() || run.output.options().form == Form::human;
    if (early)
        if (auto shown = show(run, *steps, options); !shown)
            return shown;
    if (run.dry_run()) {
        run.output.note("nothing was changed");
        return ok();
    }
    if (auto sure = confirm_removals(run, *steps); !sure)
        return sure;
    auto done = perform_all(run, *steps);
    if (!early)
        if (auto shown = show(run, *steps, options); !shown)
            return shown;
    return done;
}

}  // namespace obliv::cli
