#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

Result<void> list(Invocation& run) {
    Query query;
    query.add("kind", run.values.text("kind"));
    add_list_flags(run.values, query);
    return show_list(run, "/notices" + query.text(), "obliv.notice.list/1",
                     {{"time", "TIME"},
                      {"severity", "SEVERITY"},
                      {"kind", "KIND"},
                      {"title", "TITLE"},
                      {"text", "TEXT"}});
}

Result<void> test(Invocation& run) {
    auto tests = change(run, "POST", "/notices/test", nullptr, "sent one");
    if (!tests)
        return tests.error();
    if (tests->is_null())
        return ok();
    if (auto shown = run.output.object("obliv.notice.test/1", *tests); !shown)
        return shown;
    for (const auto& each : (*tests)["data"])
        if (!each.value("ok", false))
            return fail(Code::gate, "the receiver '" + each.value("receiver", std::string()) +
                                        "' did not take it: " + each.value("error", std::string()));
    return ok();
}

}  // namespace

Command notice_command() {
    Command command{.name = "notice", .summary = "What people are told of by themselves"};
    command.details =
        "oblivd tells of channels and keys that fail or recover, and of accounts that "
        "run out, to the receivers in [notices] of its configuration.";
    auto gated = remote_errors();
    gated.push_back(Code::conflict);
    gated.push_back(Code::gate);
    command.verbs = {
        {.name = "list",
         .summary = "List notices, newest first",
         .flags = joined(list_flags(), {{.name = "kind",
                                         .value = "KIND",
                                         .help = "Only of this kind, such as channel.disabled"}}),
         .examples = {{"obliv notice list", "The newest"},
                      {"obliv notice list --kind balance.low --json", "For a script"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "test",
         .summary = "Send a notice to every receiver now",
         .details = "Exit code 10 says that one of them did not take it.",
         .examples = {{"obliv notice test", "See whether all is set up"},
                      {"obliv notice test --json", "For a monitor"}},
         .errors = gated,
         .run = test},
    };
    return command;
}

}  // namespace obliv::cli
