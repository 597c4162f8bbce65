#include "cli/commands/channel_models.hpp"

#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::cli {
namespace {

std::string path_of(const Invocation& run) {
    return "/channels/" + encoded(run.argument(0));
}

/// The names that were asked for, each of which the provider has to have.
Result<std::vector<std::string>> chosen(const Values& values, const Json& rows) {
    std::vector<std::string> names;
    if (values.has("add-all")) {
        for (const auto& row : rows)
            if (row.value("offered", false) && !row.value("served", false))
                names.push_back(row.value("model", ""));
        return names;
    }
    for (const auto& name : values.list("add")) {
        bool offered = std::any_of(rows.begin(), rows.end(), [&](const Json& row) {
            return row.value("model", "") == name && row.value("offered", false);
        });
        if (!offered)
            return fail(Code::usage, "the provider does not offer '" + visible(name) + "'");
        names.push_back(name);
    }
    return names;
}

Result<void> add_models(Invocation& run, const std::vector<std::string>& names) {
    auto channel = call(run, "GET", path_of(run));
    if (!channel)
        return channel.error();
    auto models = channel->value("models", Json::array());
    std::size_t added = 0;
    for (const auto& name : names)
        if (std::find(models.begin(), models.end(), Json(name)) == models.end()) {
            models.push_back(name);
            ++added;
        }
    if (added == 0) {
        run.output.note("the channel serves them already");
        return ok();
    }
    auto changed = change(run, "PATCH", path_of(run), Json{{"models", models}},
                          "added " + std::to_string(added) + " model(s) to channel {}");
    return changed ? ok() : Result<void>(changed.error());
}

Result<void> models(Invocation& run) {
    bool adds = run.values.has("add") || run.values.has("add-all");
    if (adds && !run.values.has("fetch"))
        return fail(Code::usage, "--add chooses from what --fetch brings: give both");
    auto answer =
        call(run, "GET", path_of(run) + "/models" + (run.values.has("fetch") ? "?fetch=true" : ""));
    if (!answer)
        return answer.error();
    const auto rows = answer->value("data", Json::array());
    if (adds) {
        auto names = chosen(run.values, rows);
        if (!names)
            return names.error();
        return add_models(run, *names);
    }
    return run.output.list("obliv.channel.models/1", rows, nullptr,
                           {{"model", "MODEL"}, {"served", "SERVED"}, {"offered", "OFFERED"}});
}

std::vector<Code> errors() {
    auto all = remote_errors();
    all.insert(all.end(), {Code::not_found, Code::unsupported, Code::upstream_failed});
    return all;
}

}  // namespace

Command channel_models_verb() {
    return {
        .name = "models",
        .summary = "List what a channel serves, or what its provider offers",
        .arguments = {{.name = "CHANNEL", .help = "Id or name of a channel"}},
        .flags = {{.name = "fetch", .value = "", .help = "Ask the provider"},
                  {.name = "add", .value = "A,B", .help = "Serve these of what it offers"},
                  {.name = "add-all", .value = "", .help = "Serve all that it offers"}},
        .examples = {{"obliv channel models main --fetch", "What is there"},
                     {"obliv channel models main --fetch --add gpt-4o,gpt-4o-mini", "Two of them"}},
        .errors = errors(),
        .run = models};
}

}  // namespace obliv::cli
