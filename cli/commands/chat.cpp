#include "cli/commands/all.hpp"
#include "cli/commands/model.hpp"
#include "cli/commands/remote.hpp"
#include "cli/commands/talk.hpp"

#include <unistd.h>

namespace obliv::cli {
namespace {

Result<void> chat(Invocation& run) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
        auto error = fail(Code::usage, "chat needs a terminal");
        error.hint = "`obliv ask` works in pipes and scripts";
        return error;
    }
    if (run.output.options().form != Form::human)
        return fail(Code::usage, "chat has no JSON form; `obliv ask` has");
    auto client = run.client();
    if (!client)
        return client.error();
    auto model = chosen_model(run, **client);
    if (!model)
        return model.error();
    // Without a home there is no file, and the history lives as long as the conversation.
    auto file =
        run.values.has("ephemeral") ? Result<std::string>("") : state_file(run.paths, "history");
    History history(file ? *file : "");
    return Talk(run, **client, *model, history).go();
}

}  // namespace

Command chat_command() {
    Command command{.name = "chat", .summary = "Talk with a model on a terminal"};
    command.details =
        "Enter sends; Alt-Enter, Ctrl-J or a backslash at the end of the line starts a "
        "new line; Ctrl-C stops an answer and keeps what came; Ctrl-R searches what "
        "was sent before; Ctrl-D leaves. /help lists the commands.";
    command.flags = joined(
        {{.name = "model", .value = "ID", .help = "Talk with this model", .letter = 'm'},
         {.name = "system", .value = "TEXT", .help = "The system prompt", .letter = 'S'},
         {.name = "max-tokens",
          .value = "N",
          .help = "Answers of at most so many tokens",
          .kind = Kind::count},
         {.name = "temperature",
          .value = "T",
          .help = "How freely it chooses its words",
          .kind = Kind::decimal},
         {.name = "ephemeral", .value = "", .help = "Write nothing to disk, not even the history"}},
        {{.name = "key-file",
          .value = "FILE",
          .help = "Read the server's key from FILE, which nobody else may read (0600)",
          .kind = Kind::file}});
    command.examples = {
        {"obliv chat", "With the usual model"},
        {"obliv chat --server http://127.0.0.1:9000/v1 -m qwen3", "Without an oblivd"}};
    command.errors = remote_errors();
    command.run = chat;
    return command;
}

}  // namespace obliv::cli
