#include "cli/commands/channel_test.hpp"

#include "cli/commands/batch.hpp"
#include "cli/commands/channel_plan.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

/// The verdict of the server, and `gate` where it is a no.
Fate test_one(Invocation& run, const std::string& channel) {
    Json body = Json::object();
    if (auto model = run.values.text("model"))
        body["model"] = *model;
    auto verdict = call(run, "POST", "/channels/" + encoded(channel) + "/test", body);
    if (!verdict)
        return {nullptr, verdict.error()};
    Result<void> done = ok();
    auto good = verdict->find("ok");
    if (good == verdict->end() || *good != true)
        done = fail(Code::gate, "channel '" + channel + "' did not answer as it should");
    return {std::move(*verdict), std::move(done)};
}

Result<std::vector<std::string>> names_of_all(Invocation& run) {
    auto channels = all_channels(run);
    if (!channels)
        return channels.error();
    std::vector<std::string> names;
    for (const auto& channel : *channels)
        if (channel.value("enabled", false))
            names.push_back(channel.value("name", ""));
    return names;
}

Result<void> test(Invocation& run) {
    const auto& named = run.values.arguments;
    bool every = run.values.has("every");
    if (every != named.empty())
        return fail(Code::usage, "give either channels or --every");
    if (named.size() == 1) {
        auto fate = test_one(run, named.front());
        if (!fate.result.is_null())
            if (auto shown = run.output.object("obliv.channel.test/1", fate.result); !shown)
                return shown;
        return fate.done;
    }
    auto names = every ? names_of_all(run) : Result<std::vector<std::string>>(named);
    if (!names)
        return names.error();
    if (names->empty())
        return fail(Code::not_found, "no channel is switched on");
    auto step = [&](const std::string& channel) { return test_one(run, channel); };
    return for_each_item(run, "obliv.channel.test.many/1",
                         {{"result.model", "MODEL"},
                          {"result.status", "STATUS", true},
                          {"result.latency_ms", "MS", true},
                          {"result.error", "ANSWER"}},
                         *names, step);
}

}  // namespace

Command channel_test_verb() {
    return {.name = "test",
            .summary = "Send one tiny, unbilled chat through each channel",
            .arguments = {{.name = "CHANNEL",
                           .help = "Ids or names of channels",
                           .count = Argument::Count::many}},
            .flags = {{.name = "model", .value = "ID", .help = "With this model", .letter = 'm'},
                      {.name = "every", .value = "", .help = "Test all that are switched on"}},
            .examples = {{"obliv channel test main", "With a model of its list"},
                         {"obliv channel test main -m gpt-4o --json", "With this one"},
                         {"obliv channel test --every", "All; exit 11 when only some answer"}},
            .errors = remote_errors({Code::not_found, Code::gate, Code::partial}),
            .run = test};
}

}  // namespace obliv::cli
