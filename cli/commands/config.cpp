#include "cli/commands/all.hpp"
#include "cli/commands/invocation.hpp"
#include "cli/output/sink.hpp"
#include "cli/settings/edit.hpp"
#include "cli/settings/trust.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace obliv::cli {
namespace {

std::string shown(const Setting& setting) {
    auto text = setting.text;
    for (const auto& word : setting.list)
        text += (text.empty() ? "" : ",") + word;
    return text;
}

Json row_of(const std::string& key, const Setting& setting) {
    return Json{{"key", key}, {"value", shown(setting)}, {"origin", setting.origin}};
}

Result<void> list(Invocation& run) {
    Json rows = Json::array();
    for (const auto& [key, setting] : run.settings.all())
        rows.push_back(row_of(key, setting));
    return run.output.list("obliv.config.list/1", rows, nullptr,
                           {{"key", "KEY"}, {"value", "VALUE"}, {"origin", "ORIGIN"}});
}

Result<void> get(Invocation& run) {
    const auto& key = run.argument(0);
    if (!find_key(key)) {
        auto error = unknown_key(key);
        error.code = Code::usage;
        return error;
    }
    auto exact = run.settings.all().find(key);
    const auto* setting = key.starts_with("profile.") ? nullptr : run.settings.find(key);
    if (!setting && exact != run.settings.all().end())
        setting = &exact->second;
    if (!setting)
        return fail(Code::not_found, "'" + key + "' is not set");
    if (run.output.options().form == Form::human)
        return run.output.piece(
            (run.output.out_style().is_terminal ? visible(shown(*setting)) : shown(*setting)) +
            "\n");
    return run.output.object("obliv.config.get/1", row_of(key, *setting));
}

Result<std::string> user_file(const Invocation& run) {
    auto file = run.values.text("config").value_or(run.environment("OBLIV_CONFIG"));
    if (file.empty())
        file = run.paths.user_config;
    if (!file.empty())
        return file;
    auto error = fail(Code::config_invalid, "there is no place for settings: HOME is not set");
    error.hint = "set HOME, or name a file with --config";
    return error;
}

void make_folders(const std::string& file) {
    // A failure shows when the file is written.
    for (auto slash = file.find('/', 1); slash != std::string::npos;
         slash = file.find('/', slash + 1))
        (void)::mkdir(file.substr(0, slash).c_str(), 0700);
}

/// Changes the user's file by `edit`, which takes and gives its text.
template <typename Edit>
Result<void> change_file(Invocation& run, const std::string& noted, Edit edit) {
    auto file = user_file(run);
    if (!file)
        return file.error();
    auto text = read_text_file(*file);
    if (!text && text.error().code != Code::not_found)
        return text.error();
    auto changed = edit(text ? *text : std::string(), *file);
    if (!changed)
        return changed.error();
    if (auto good = check_settings_text(*changed, *file); !good)
        return good;
    if (run.dry_run()) {
        run.output.note("would have " + noted + " in " + *file);
        return ok();
    }
    make_folders(*file);
    if (auto written = write_file(*file, *changed, 0644); !written)
        return written;
    run.output.note(noted + " in " + *file);
    return ok();
}

Result<void> set(Invocation& run) {
    const auto& key = run.argument(0);
    return change_file(run, "set " + key, [&](const std::string& text, const std::string& file) {
        return with_setting(text, file, key, run.argument(1));
    });
}

Result<void> unset(Invocation& run) {
    const auto& key = run.argument(0);
    return change_file(run, "unset " + key, [&](const std::string& text, const std::string& file) {
        return without_setting(text, file, key);
    });
}

std::string editor_of(const Environment& environment) {
    for (const char* name : {"OBLIV_EDITOR", "VISUAL", "EDITOR"})
        if (auto editor = environment(name); !editor.empty())
            return editor;
    return "vi";
}

/// What a person makes of `text` with an editor, in a file of its own, `draft`, which stays.
Result<std::string> edited(const Invocation& run, const std::string& text, const std::string& file,
                           std::string& draft) {
    auto folder = run.environment("TMPDIR");
    draft = (folder.empty() ? "/tmp" : folder) + "/obliv-XXXXXX.toml";
    int descriptor = ::mkstemps(draft.data(), 5);
    if (descriptor < 0) {
        auto error = fail(Code::io, "cannot create '" + draft + "': " + std::strerror(errno));
        draft.clear();
        return error;
    }
    auto written = write_all(descriptor, text);
    ::close(descriptor);
    auto editor = editor_of(run.environment);
    // A shell, because editors are named with their flags: `code --wait`. The draft's name is ours.
    bool fine = written && std::system((editor + " '" + draft + "'").c_str()) == 0;
    auto changed = fine ? read_text_file(draft)
                        : Result<std::string>(fail(Code::io, "'" + editor + "' did not end well"));
    if (changed)
        if (auto good = check_settings_text(*changed, file); !good)
            changed = good.error();
    return changed;
}

Result<void> edit(Invocation& run) {
    if (!run.may_ask()) {
        auto error = fail(Code::usage, "an editor needs a terminal");
        error.hint = "`obliv config set KEY VALUE` works in scripts";
        return error;
    }
    std::string draft;
    auto done = change_file(
        run, "changed the settings", [&](const std::string& text, const std::string& file) {
            return run.dry_run() ? Result<std::string>(text) : edited(run, text, file, draft);
        });
    if (done || draft.empty()) {
        ::unlink(draft.c_str());
        return done;
    }
    auto error = done.error();
    error.hint = "nothing was changed; what was written is in " + draft;
    return error;
}

Result<void> path(Invocation& run) {
    auto user = user_file(run);
    auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return run.output.object("obliv.config.path/1",
                             Json{{"user", user ? Json(*user) : Json()},
                                  {"system", run.paths.system_config},
                                  {"project", or_null(run.settings.project_file())},
                                  {"state", or_null(run.paths.state)}});
}

Result<void> check_files(Invocation& run) {
    if (!run.values.arguments.empty()) {
        auto text = read_text_file(run.argument(0));
        if (!text) {
            auto error = text.error();
            error.code = Code::config_invalid;
            return error;
        }
        if (auto good = check_settings_text(*text, run.argument(0)); !good)
            return good;
        run.output.note(run.argument(0) + " is fine");
        return ok();
    }
    // The files in use were read, and refused if wrong, before this command started.
    for (const auto& file : run.settings.files())
        run.output.note(file + " is fine");
    if (run.settings.files().empty())
        run.output.note("there are no files; the built-in settings are in force");
    return ok();
}

Result<void> trust_project(Invocation& run) {
    auto file = run.settings.project_file();
    if (file.empty())
        return fail(Code::not_found, "there is no .obliv.toml here or above");
    auto text = read_text_file(file);
    if (!text)
        return text.error();
    if (run.dry_run()) {
        run.output.note("would trust " + file + " as it is now");
        return ok();
    }
    if (auto kept = trust(run.paths, file, *text); !kept)
        return kept;
    run.output.note("trusted " + file + " as it is now");
    return ok();
}

}  // namespace

Command config_command() {
    Command command{.name = "config", .summary = "Read and change the settings of obliv"};
    command.details =
        "A flag goes before a variable, that before the project's .obliv.toml once it "
        "is trusted, that before the user's file, that before the system's.";
    Argument key{
        .name = "KEY", .help = "model, server, profile.NAME.server ...", .kind = Kind::key};
    for (const auto& known : all_keys())
        key.choices.emplace_back(known.name);
    command.verbs = {
        {.name = "list",
         .summary = "List every setting in force with its origin",
         .examples = {{"obliv config list", "As a table"},
                      {"obliv config list --profile work --json", "With a profile"}},
         .run = list},
        {.name = "get",
         .summary = "Print one setting",
         .arguments = {key},
         .examples = {{"obliv config get model", "Its value"},
                      {"obliv config get model --json", "With its origin"}},
         .errors = {Code::not_found},
         .run = get},
        {.name = "set",
         .summary = "Change a setting in the user's file, in place",
         .arguments = {key, {.name = "VALUE", .help = "The value; a list takes commas"}},
         .examples = {{"obliv config set model gpt-4o-mini", "The usual model"},
                      {"obliv config set profile.work.server https://llm.example.org",
                       "A profile"}},
         .run = set,
         .bears_bad_config = true},
        {.name = "unset",
         .summary = "Remove a setting from the user's file",
         .arguments = {key},
         .examples = {{"obliv config unset model", "Back to what is below"},
                      {"obliv config unset model --dry-run", "See what would happen"}},
         .errors = {Code::not_found},
         .run = unset,
         .bears_bad_config = true},
        {.name = "edit",
         .summary = "Open the user's file in an editor, and keep what is written if it is right",
         .details = "The editor is $OBLIV_EDITOR, $VISUAL or $EDITOR, else vi.",
         .examples = {{"obliv config edit", "The user's file"},
                      {"OBLIV_EDITOR=nano obliv config edit", "With another editor"}},
         .run = edit,
         .bears_bad_config = true},
        {.name = "path",
         .summary = "Print where the files are",
         .examples = {{"obliv config path", "All of them"},
                      {"obliv config path --jq .user", "The user's"}},
         .run = path,
         .bears_bad_config = true},
        {.name = "check",
         .summary = "Check the files; exit 3 with file:line:column when one is wrong",
         .arguments = {{.name = "FILE",
                        .help = "Check this file instead",
                        .count = Argument::Count::optional,
                        .kind = Kind::file}},
         .examples = {{"obliv config check", "The files in use"},
                      {"obliv config check ./config.toml", "Another file"}},
         .run = check_files},
        {.name = "trust",
         .summary = "Trust the project's .obliv.toml as it is now",
         .details = "Until then it may set the model, the system prompt and how output looks, and "
                    "nothing else. A change of the file ends the trust.",
         .examples = {{"obliv config trust", "The file found from here"},
                      {"obliv config trust --dry-run", "See which file that is"}},
         .errors = {Code::not_found},
         .run = trust_project},
    };
    return command;
}

}  // namespace obliv::cli
