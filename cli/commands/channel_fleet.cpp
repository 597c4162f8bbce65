#include "cli/commands/channel_fleet.hpp"

#include "cli/commands/channel_plan.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace obliv::cli {
namespace {

Result<void> apply(Invocation& run) {
    auto text = text_of_file(run.argument(0));
    if (!text)
        return text.error();
    auto wanted = read_declaration(*text, run.argument(0));
    if (!wanted)
        return wanted.error();
    return carry_out(run, *wanted, {"obliv.channel.apply/1", true, true});
}

/// By what the file begins with: LiteLLM's is YAML, the others' JSON, of which only New API's rows
/// know whether a channel is switched off by itself.
std::string guessed_format(const std::string& text) {
    auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || (text[first] != '{' && text[first] != '['))
        return "litellm";
    return text.find("\"auto_ban\"") != std::string::npos ? "newapi" : "oneapi";
}

Result<void> import(Invocation& run) {
    auto text = text_of_file(run.argument(0));
    if (!text)
        return text.error();
    auto format = run.values.text("from").value_or(guessed_format(*text));
    auto imported = read_foreign(*text, format);
    if (!imported)
        return std::move(imported.error()).in(run.argument(0));
    for (const auto& warning : imported->warnings)
        run.output.warn(warning);
    return carry_out(run, imported->channels, {"obliv.channel.import/1", false, false});
}

const Argument file{.name = "FILE", .help = "`-` for stdin", .kind = Kind::file};

}  // namespace

std::vector<Command> channel_fleet_verbs() {
    return {
        {.name = "apply",
         .summary = "Make the channels as a file declares them",
         .details =
             "The file is TOML with a table for each channel: type, models, base_url, groups, "
             "priority, weight, enabled, proxy, keys or key_file or key_env, and a table "
             "[NAME.aliases]. What is not said is at its default, but keys stay as they are. "
             "Channels that the file does not have are removed, unless something failed before.",
         .arguments = {file},
         .examples = {{"obliv channel apply channels.toml --dry-run", "See the difference"},
                      {"obliv channel apply channels.toml -y", "Bring it about"}},
         .errors = remote_errors({Code::conflict, Code::partial}),
         .run = apply},
        {.name = "import",
         .summary = "Add the channels of another gateway's configuration",
         .details = "Reads LiteLLM's YAML, and the JSON that /api/channel/ of One API and New API "
                    "answers. Channels that exist here under the same name stay as they are.",
         .arguments = {file},
         .flags = {{.name = "from",
                    .value = "GATEWAY",
                    .help = "Whose file it is; found out by default",
                    .choices = {"litellm", "newapi", "oneapi"}}},
         .examples = {{"obliv channel import config.yaml --dry-run", "See what would be added"},
                      {"obliv channel import channels.json --from newapi", "New API"}},
         .errors = remote_errors({Code::conflict, Code::partial}),
         .run = import},
    };
}

}  // namespace obliv::cli
