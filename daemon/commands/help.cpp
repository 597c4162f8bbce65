#include "daemon/commands/help.hpp"

#include <algorithm>
#include <array>

namespace obliv::daemon {
namespace {

constexpr std::array exit_table{
    ExitCode{0, "Done, or a clean stop."},
    ExitCode{1, "A failure while running."},
    ExitCode{2, "A flag or argument is wrong."},
    ExitCode{75, "Temporary: the address or the state folder is in use."},
    ExitCode{78, "The configuration is invalid, or the database is of a newer version."},
};

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    out.resize(std::max(out.size() + 2, width), ' ');
    return out;
}

/// `text` in lines that fit a terminal of 80 columns.
std::string wrapped(std::string_view text) {
    constexpr std::size_t width = 78;
    std::string out;
    while (text.size() > width) {
        auto end = text.rfind(' ', width);
        if (end == std::string_view::npos)
            break;
        out += std::string(text.substr(0, end)) + "\n";
        text.remove_prefix(end + 1);
    }
    return out + std::string(text) + "\n";
}

std::string flag_name(const Flag& flag) {
    return std::string(flag.name) + (flag.value.empty() ? "" : " ") + std::string(flag.value);
}

std::string flag_lines(const Command& command) {
    std::string out;
    for (const auto& argument : command.arguments) {
        out += "  " + padded(argument.name, 24) + std::string(argument.help);
        for (std::size_t i = 0; i < argument.choices.size(); ++i)
            out += (i == 0 ? ": " : " ") + std::string(argument.choices[i]);
        out += "\n";
    }
    for (const auto& flag : command.flags)
        out += "  " + padded(flag_name(flag), 24) + std::string(flag.help) +
               (flag.repeats ? "; may be repeated\n" : "\n");
    return out + "  " + padded("-h, --help", 24) + "this text, short or full\n";
}

std::string examples(const Command& command) {
    std::string out;
    for (const auto& example : command.examples)
        out += "  " + std::string(example.line) + "\n      " + std::string(example.meaning) + "\n";
    return out;
}

}  // namespace

std::span<const ExitCode> exit_codes() {
    return exit_table;
}

std::string usage_line(const Command& command) {
    auto out = "oblivd " + std::string(command.name);
    for (const auto& argument : command.arguments)
        out += " " + std::string(argument.name);
    return command.flags.empty() ? out : out + " [flags]";
}

std::string program_help() {
    std::string out = "oblivd relays calls of LLM APIs and bills them.\n\nusage: oblivd COMMAND "
                      "[flags]\n\n";
    for (const auto& command : commands())
        if (!command.hidden)
            out += "  " + padded(command.name, 18) + std::string(command.summary) + "\n";
    return out + "\n'oblivd COMMAND --help' tells more; so do oblivd(8) and oblivd.toml(5).\n";
}

std::string brief_help(const Command& command) {
    return "usage: " + usage_line(command) + "\n\n" + examples(command) + "\n" +
           std::string(command.summary) + ".\n\n" + flag_lines(command);
}

std::string full_help(const Command& command) {
    auto out = "usage: " + usage_line(command) + "\n\n" + std::string(command.summary) + ".\n";
    if (!command.details.empty())
        out += wrapped(command.details);
    out += "\n" + flag_lines(command) + "\nExamples:\n" + examples(command) + "\nExit codes:\n";
    for (const auto& code : exit_table)
        out += "  " + padded(std::to_string(code.number), 4) + std::string(code.meaning) + "\n";
    return out;
}

}  // namespace obliv::daemon
