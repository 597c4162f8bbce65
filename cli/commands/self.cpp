#include "cli/commands/all.hpp"
#include "cli/commands/invocation.hpp"
#include "cli/grammar/completion.hpp"
#include "cli/grammar/manual.hpp"
#include "cli/output/sink.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace obliv::cli {
namespace {

Result<void> completion(Invocation& run) {
    const auto& shell = run.argument(0);
    if (shell == "bash")
        return run.output.piece(bash_completion(run.root));
    return run.output.piece(shell == "zsh" ? zsh_completion(run.root) : fish_completion(run.root));
}

Result<void> write_pages(Invocation& run, const std::string& folder) {
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
        return fail(Code::io, "cannot make '" + folder + "': " + std::strerror(errno));
    for (const auto& [name, text] : manual_pages(run.root))
        if (auto written = write_file(folder + "/" + name, text, 0644); !written)
            return written;
    run.output.note("wrote the manual to " + folder);
    return ok();
}

Result<void> man(Invocation& run) {
    if (auto folder = run.values.text("all"))
        return write_pages(run, *folder);
    if (run.values.has("markdown"))
        return run.output.piece(markdown_reference(run.root));
    if (run.values.arguments.empty())
        return run.output.piece(manual_page(run.root, run.root));
    for (const auto& command : run.root.verbs)
        if (command.name == run.argument(0))
            return run.output.piece(manual_page(run.root, command));
    return fail(Code::not_found, "there is no command '" + visible(run.argument(0)) + "'");
}

Result<void> version(Invocation& run) {
    if (run.output.options().form == Form::human)
        return run.output.piece("obliv " OBLIV_VERSION "\n");
    return run.output.object("obliv.version/1", Json{{"version", OBLIV_VERSION}});
}

}  // namespace

Command completion_command() {
    Command command{.name = "completion", .summary = "Print a completion script for a shell"};
    command.arguments = {
        {.name = "SHELL", .help = "Which shell", .choices = {"bash", "zsh", "fish"}}};
    command.examples = {
        {"source <(obliv completion bash)", "For this bash"},
        {"obliv completion fish > ~/.config/fish/completions/obliv.fish", "For every fish"}};
    command.run = completion;
    command.bears_bad_config = true;
    return command;
}

Command man_command() {
    Command command{.name = "man", .summary = "Print a manual page"};
    command.arguments = {{.name = "COMMAND",
                          .help = "The command; without one, the page of obliv itself",
                          .count = Argument::Count::optional}};
    command.flags = {
        {.name = "all", .value = "DIR", .help = "Write every page into DIR", .kind = Kind::file},
        {.name = "markdown", .value = "", .help = "Print all commands as one Markdown page"}};
    command.examples = {{"obliv man token | man -l -", "Read a page"},
                        {"obliv man --all man", "Write all pages"}};
    command.errors = {Code::not_found};
    command.run = man;
    command.bears_bad_config = true;
    return command;
}

Command version_command() {
    Command command{.name = "version", .summary = "Print the version"};
    command.examples = {{"obliv version", "For a person"},
                        {"obliv version --jq .version", "For a script"}};
    command.run = version;
    command.bears_bad_config = true;
    return command;
}

}  // namespace obliv::cli
