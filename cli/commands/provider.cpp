#include "cli/commands/all.hpp"
#include "cli/commands/batch.hpp"
#include "cli/commands/channel_plan.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

std::string path_of_one(const std::string& type) {
    return "/providers/" + encoded(type);
}

std::string path_of(const Invocation& run) {
    return path_of_one(run.argument(0));
}

Result<void> show_one(Invocation& run, const std::string& schema, const Result<Json>& provider) {
    if (!provider)
        return provider.error();
    return provider->is_null() ? ok() : run.output.object(schema, *provider);
}

Result<void> list(Invocation& run) {
    return show_list(run, "/providers", "obliv.provider.list/1",
                     {{"type", "TYPE"},
                      {"custom", "CUSTOM"},
                      {"version", "VERSION"},
                      {"formats", "FORMATS"},
                      {"operations", "OPERATIONS"},
                      {"default_base_url", "BASE URL"}});
}

Result<void> show(Invocation& run) {
    if (!run.values.has("versions") && !run.values.has("description"))
        return show_one(run, "obliv.provider.show/1", call(run, "GET", path_of(run)));
    if (run.values.has("versions"))
        return show_list(run, path_of(run) + "/versions", "obliv.provider.versions/1",
                         {{"version", "VERSION"}, {"created_at", "MADE"}, {"removed", "REMOVED"}});
    auto provider = call(run, "GET", path_of(run));
    if (!provider)
        return provider.error();
    if (!provider->contains("description"))
        return fail(Code::not_found,
                    "the provider '" + run.argument(0) + "' is built in: it has no description");
    return run.output.document((*provider)["description"].get<std::string>());
}

Result<Json> body_of(const std::string& file) {
    auto text = text_of_file(file);
    if (!text)
        return text.error();
    return Json{{"description", *text}};
}

Result<void> add(Invocation& run) {
    auto body = body_of(run.argument(0));
    if (!body)
        return body.error();
    return show_one(run, "obliv.provider.add/1",
                    change(run, "POST", "/providers", *body, "added the provider"));
}

Result<void> set(Invocation& run) {
    auto body = body_of(run.argument(1));
    if (!body)
        return body.error();
    return show_one(
        run, "obliv.provider.set/1",
        change(run, "PUT", path_of(run), *body, "changed the provider " + run.argument(0)));
}

Result<void> remove(Invocation& run) {
    return change_each(
        run, {"obliv.provider.remove/1", "provider", "Remove", "removed", "DELETE", &path_of_one});
}

const Argument which{.name = "TYPE", .help = "As in a channel's --type"};
const Argument source{
    .name = "FILE", .help = "The description, in TOML; `-` for stdin", .kind = Kind::file};

}  // namespace

Command provider_command() {
    Command command{.name = "provider",
                    .summary = "See the types of channels, and describe own ones"};
    command.details = "A type says where a provider is called, how it is paid with a key and which "
                      "format it speaks. Those that are built in do not change; others are "
                      "described in a file and take effect at once.";
    command.verbs = {
        {.name = "list",
         .summary = "List the types of channels",
         .examples = {{"obliv provider list", "As a table"},
                      {"obliv provider list --fields type,formats", "Only these fields"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "show",
         .summary = "Show one type",
         .arguments = {which},
         .flags = {{.name = "description", .value = "", .help = "The file that it was made from"},
                   {.name = "versions", .value = "", .help = "Every version of it, newest first"}},
         .examples = {{"obliv provider show mistral", "What is known of it"},
                      {"obliv provider show acme --description", "The file, to be changed"}},
         .errors = remote_errors({Code::not_found}),
         .run = show},
        {.name = "add",
         .summary = "Add a type that a file describes",
         .arguments = {source},
         .examples = {{"obliv provider add acme.toml", "Its name is in the file"},
                      {"obliv provider add acme.toml --dry-run", "See what would happen"}},
         .errors = remote_errors({Code::conflict}),
         .run = add},
        {.name = "set",
         .summary = "Give a described type a new version",
         .arguments = {which, source},
         .examples = {{"obliv provider set acme acme.toml", "Channels use it at once"},
                      {"obliv provider set acme - < acme.toml", "From stdin"}},
         .errors = remote_errors({Code::not_found, Code::conflict}),
         .run = set},
        {.name = "remove",
         .summary = "Remove described types that no channel uses",
         .arguments = {{.name = "TYPE",
                        .help = "As in a channel's --type",
                        .count = Argument::Count::some}},
         .examples = {{"obliv provider remove acme", "Asks first"},
                      {"obliv provider rm acme other -y", "Two, without a question"}},
         .errors = remote_errors({Code::not_found, Code::conflict, Code::partial}),
         .run = remove},
    };
    return command;
}

}  // namespace obliv::cli
