#include "daemon/commands/command.hpp"
#include "daemon/commands/verbs.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

const Flag config_flag{"--config", "FILE",
                       "read FILE (and conf.d beside it) instead of the default", false, true};
const Flag data_flag{"--data-dir", "DIR", "the state folder", false, true};
const Flag listen_flag{"--listen", "ADDR:PORT", "listen there instead of what the files say", true};
const Flag socket_flag{"--socket", "PATH", "the Unix socket", false, true};
const Flag level_flag{"--log-level", "LEVEL", "err, warning, notice, info or debug"};
const Flag format_flag{"--log-format", "FORMAT", "auto, text, json or journal"};
const Flag json_flag{"--json", "", "one JSON document on standard output"};

Command run_command() {
    return {"run",
            "Run the daemon in the foreground",
            "It never forks and writes no pid file. SIGTERM and SIGINT let open streams end for "
            "drain_timeout; a second one does not wait. SIGHUP reads the configuration again, all "
            "of it or nothing.",
            {},
            {config_flag, data_flag, listen_flag, socket_flag, level_flag, format_flag},
            {{"oblivd run", "with the settings of this user, or of the system for root"},
             {"oblivd run --config ./oblivd.toml --data-dir ./data --listen 127.0.0.1:8490 "
              "--socket ./oblivd.sock",
              "everything in this folder"}},
            run_daemon};
}

Command check_command() {
    return {"check",
            "Tell what is wrong with the configuration",
            "Reads every file, opens certificates, the database (read-only) and the master key, "
            "resolves credentials, and touches nothing else. Every problem is a line "
            "file:line:column: what.",
            {},
            {config_flag, data_flag, listen_flag, socket_flag},
            {{"oblivd check", "before a reload"},
             {"oblivd check --config ./oblivd.toml", "a file that is not installed yet"}},
            check_settings};
}

Command print_config_command() {
    return {"print-config",
            "Print every setting in force and where it comes from",
            "The output is TOML that reads back as the same settings; secrets are shown by "
            "reference or as ***.",
            {},
            {config_flag, data_flag, listen_flag, socket_flag},
            {{"oblivd print-config", "what `oblivd run` would use"},
             {"oblivd print-config | grep -v '# default'", "only what was changed"}},
            print_settings};
}

Command migrate_command() {
    return {"migrate",
            "Bring the database to another version of its schema",
            "`oblivd run` migrates upwards by itself; this is for looking first and for going "
            "back. The daemon must be stopped.",
            {},
            {config_flag,
             data_flag,
             {"--dry-run", "", "print the steps and change nothing"},
             {"--to", "VERSION", "that version instead of the newest"}},
            {{"oblivd migrate --dry-run", "the steps that an upgrade would take"},
             {"oblivd migrate --to 1", "back to the first version"}},
            migrate_database};
}

Command ctl_command(std::string_view name, std::string_view summary, std::string_view details,
                    std::vector<Example> examples, Result<void> (*run)(const Invocation&)) {
    return {name, summary, details, {}, {config_flag, socket_flag, json_flag}, std::move(examples),
            run};
}

Command log_level_command() {
    auto out = ctl_command("ctl log-level", "Change what the running daemon logs",
                           "Until the next reload or restart, which bring back what the files say.",
                           {{"oblivd ctl log-level debug", "log everything"},
                            {"oblivd ctl log-level info", "back to the usual"}},
                           ctl_log_level);
    out.arguments = {{"LEVEL",
                      "the least important level to log",
                      {"err", "warning", "notice", "info", "debug"}}};
    return out;
}

Command generate_command() {
    Command out{"generate",
                "Print a generated file",
                "For the build and its tests.",
                {{"WHAT",
                  "the file",
                  {"bash", "zsh", "fish", "oblivd.8", "oblivd.toml.5", "oblivd.toml",
                   "configuration.md", "errors.md"}}},
                {},
                {},
                print_generated};
    out.hidden = true;
    return out;
}

std::vector<Command> build() {
    std::vector<Command> out{run_command(), check_command(), print_config_command(),
                             migrate_command()};
    out.push_back(ctl_command(
        "ctl status", "Show how the running daemon does", "",
        {{"oblivd ctl status", "in lines"}, {"oblivd ctl status --json", "for a script"}},
        ctl_status));
    out.push_back(ctl_command(
        "ctl reload", "Make the running daemon read its configuration again",
        "Prints the verdict: settings that wait for a restart are named; on failure the old "
        "settings stay, the problems are printed and the exit code is 78.",
        {{"oblivd ctl reload", "after a change"},
         {"oblivd check && oblivd ctl reload", "in two steps"}},
        ctl_reload));
    out.push_back(
        ctl_command("ctl drain", "Make the running daemon stop gracefully", "The same as SIGTERM.",
                    {{"oblivd ctl drain", "open streams may end first"},
                     {"oblivd ctl drain --socket ./oblivd.sock", "a daemon of one's own"}},
                    ctl_drain));
    out.push_back(log_level_command());
    out.push_back({"version",
                   "Print the version",
                   "",
                   {},
                   {json_flag},
                   {{"oblivd version", "for a person"}, {"oblivd version --json", "for a script"}},
                   print_version});
    out.push_back(generate_command());
    return out;
}

}  // namespace

std::span<const Command> commands() {
    static const std::vector<Command> list = build();
    return list;
}

const Command* find_command(std::string_view name) {
    auto all = commands();
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const Command& command) { return command.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace obliv::daemon
