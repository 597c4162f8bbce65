#include "cli/commands/program.hpp"

#include "cli/commands/invocation.hpp"
#include "cli/grammar/help.hpp"
#include "cli/grammar/parse.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

namespace obliv::cli {
namespace {

Color color_of(const std::string& text) {
    if (text == "always")
        return Color::always;
    return text == "never" ? Color::never : Color::automatic;
}

Layout layout_of(const std::string& text) {
    if (text == "table")
        return Layout::table;
    if (text == "plain")
        return Layout::plain;
    return text == "csv" ? Layout::csv : Layout::automatic;
}

/// The form of errors must be known before the command line is understood.
OutputOptions first_options(const std::vector<std::string>& words) {
    OutputOptions options;
    for (const auto& word : words) {
        if (word == "--")
            break;
        if (word == "--ndjson")
            options.form = Form::ndjson;
        bool json = word == "--json" || word == "--jq" || word == "--fields" ||
                    word.starts_with("--jq=") || word.starts_with("--fields=");
        if (json && options.form == Form::human)
            options.form = Form::json;
    }
    return options;
}

std::string pager_of(const Settings& settings, const Values& values,
                     const Environment& environment) {
    if (values.has("no-pager"))
        return {};
    if (const auto* own = settings.find("pager"))
        return own->text;
    auto pager = environment("PAGER");
    return pager.empty() ? "less -FRX" : pager;
}

OutputOptions options_of(const Values& values, const Settings& settings,
                         const Environment& environment) {
    OutputOptions options;
    options.jq = values.text("jq").value_or("");
    options.fields = values.list("fields");
    bool filtered = values.has("jq") || values.has("fields");
    if (values.has("ndjson"))
        options.form = Form::ndjson;
    else if (values.has("json") || filtered)
        options.form = Form::json;
    options.layout = layout_of(settings.text("format"));
    options.color = color_of(settings.text("color"));
    options.file = values.text("output-file").value_or("");
    options.replace_file = values.has("force");
    options.pager = pager_of(settings, values, environment);
    options.verbosity = values.has("quiet") ? -1 : std::min(values.times("verbose"), 2);
    if (!environment("OBLIV_DEBUG").empty())
        options.verbosity = 2;
    return options;
}

Result<void> check_combinations(const Values& values) {
    if (values.has("ndjson") && (values.has("json") || values.has("jq") || values.has("fields")))
        return fail(Code::usage, "--ndjson goes with neither --json nor --jq nor --fields");
    if (values.has("quiet") && values.has("verbose"))
        return fail(Code::usage, "--quiet and --verbose exclude each other");
    return ok();
}

SettingSources sources_of(const Values& values, const Paths& paths,
                          const Environment& environment) {
    SettingSources sources;
    sources.paths = paths;
    sources.user_file = values.text("config").value_or(environment("OBLIV_CONFIG"));
    sources.no_project = values.has("no-project");
    std::array<char, PATH_MAX> folder{};
    if (::getcwd(folder.data(), folder.size()))
        sources.directory = folder.data();
    for (const char* key : {"profile", "server", "api", "timeout", "color", "format"})
        if (auto value = values.text(key))
            sources.flags[key] = *value;
    if (values.has("no-input"))
        sources.flags["no_input"] = "true";
    return sources;
}

int code_of(const Error& error) {
    if (error.code == Code::cancelled && InterruptSource::install().flag().load())
        return InterruptSource::install().exit_code();
    // Somebody who answers "no" has not interrupted anything.
    return error.code == Code::cancelled ? 1 : info(error.code).exit_code;
}

int failed(Output& output, const Error& error, const ReplyFacts& facts = {}) {
    output.error(error, facts);
    return code_of(error);
}

/// A check that said no, and a batch that was done in part, have told what they found.
bool has_result(Code code) {
    return code == Code::gate || code == Code::partial;
}

/// What the latest reply said has nothing to do with a mistake on the command line that no server
/// complained about, nor with all items of a batch.
ReplyFacts facts_of(const Invocation& run, Code code) {
    auto facts = run.reply_facts();
    bool ours = code == Code::usage || code == Code::io || code == Code::conflict;
    if (code == Code::partial || (ours && facts.http_status < 400))
        return {};
    return facts;
}

int run_command(const Command& root, const Parsed& parsed, const Environment& environment) {
    Output early(first_options({}), environment);
    auto paths = paths_from(environment);
    auto loaded = Settings::load(sources_of(parsed.values, paths, environment), environment);
    auto settings = loaded ? *loaded : Settings::built_in();
    Output output(options_of(parsed.values, settings, environment), environment);
    if (!loaded && !parsed.command->bears_bad_config)
        return failed(output, loaded.error());
    auto fine = check_combinations(parsed.values);
    if (fine)
        fine = output.prepare();
    if (!fine)
        return failed(output, fine.error());
    for (const auto& warning : settings.warnings())
        output.warn(warning);
    Invocation run({root, *parsed.command, parsed.values, paths, std::move(settings), output,
                    InterruptSource::install(), environment});
    auto done = parsed.command->run(run);
    auto ended = done || has_result(done.error().code) ? output.finish() : ok();
    if (!done)
        return failed(output, done.error(), facts_of(run, done.error().code));
    return ended ? 0 : failed(output, ended.error());
}

}  // namespace

int run_program(const Command& root, const std::vector<std::string>& words,
                const Environment& environment) {
    Output output(first_options(words), environment);
    if (words.empty()) {
        auto shown = output.document(brief_help(root, root.name));
        return shown ? 2 : failed(output, shown.error());
    }
    auto parsed = parse(root, words);
    if (!parsed)
        return failed(output, parsed.error());
    if (parsed->help == Parsed::Help::none)
        return run_command(root, *parsed, environment);
    OutputOptions options;
    auto pager = environment("OBLIV_PAGER");
    options.pager = !pager.empty() ? pager : environment("PAGER");
    if (options.pager.empty())
        options.pager = "less -FRX";
    Output help(options, environment);
    auto text = parsed->help == Parsed::Help::brief ? brief_help(*parsed->command, parsed->path)
                                                    : full_help(*parsed->command, parsed->path);
    auto shown = help.document(text);
    return shown ? 0 : failed(help, shown.error());
}

}  // namespace obliv::cli
