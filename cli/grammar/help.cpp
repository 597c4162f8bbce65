#include "cli/grammar/help.hpp"

#include <algorithm>
#include <map>

namespace obliv::cli {
namespace {

constexpr std::size_t line_width = 80;

/// Words in lines of at most 80 columns, each `indent` deep.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t first_at = 0) {
    std::string out;
    std::size_t at = first_at;
    std::string padding(indent, ' ');
    if (first_at == 0) {
        out = padding;
        at = indent;
    }
    bool start = true;
    while (!text.empty()) {
        auto space = text.find(' ');
        auto word = text.substr(0, space);
        if (!start && at + 1 + word.size() > line_width) {
            out += "\n" + padding;
            at = indent;
            start = true;
        }
        if (!start) {
            out += ' ';
            ++at;
        }
        out += word;
        at += word.size();
        start = false;
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    }
    return out + "\n";
}

using Rows = std::vector<std::pair<std::string, std::string>>;

/// Names on the left, meanings on the right, wrapped.
std::string two_columns(const Rows& rows) {
    std::size_t widest = 0;
    for (const auto& [name, meaning] : rows)
        widest = std::max(widest, name.size());
    widest = std::min<std::size_t>(widest, 28);
    std::string out;
    for (const auto& [name, meaning] : rows) {
        auto column = widest + 4;
        out += "  " + name;
        if (name.size() > widest)
            out += "\n" + std::string(column, ' ');
        else
            out += std::string(widest - name.size() + 2, ' ');
        out += wrapped(meaning, column, column);
    }
    return out;
}

std::string flag_meaning(const Flag& flag) {
    auto text = flag.help;
    if (!flag.choices.empty()) {
        text += " (";
        for (std::size_t i = 0; i < flag.choices.size(); ++i)
            text += (i ? ", " : "") + flag.choices[i];
        text += ")";
    }
    return text + (flag.repeats ? "; may be repeated" : "");
}

Rows flag_rows(const std::vector<Flag>& flags) {
    Rows rows;
    for (const auto& flag : flags)
        rows.emplace_back((flag.letter ? "" : "    ") + flag_name(flag), flag_meaning(flag));
    return rows;
}

std::string section(std::string_view title, const Rows& rows) {
    return rows.empty() ? "" : "\n" + std::string(title) + ":\n" + two_columns(rows);
}

std::string examples_text(const Command& command) {
    std::string out;
    for (const auto& example : command.examples)
        out += "  " + example.line + "\n" + wrapped(example.meaning, 6);
    return out.empty() ? "" : "\nExamples:\n" + out;
}

Rows verb_rows(const Command& command) {
    Rows rows;
    for (const auto& verb : command.verbs)
        rows.emplace_back(verb.name, verb.summary);
    return rows;
}

}  // namespace

std::string flag_name(const Flag& flag) {
    auto text = flag.letter ? std::string{'-', flag.letter} + ", " : std::string();
    text += "--" + flag.name;
    return flag.value.empty() ? text : text + " " + flag.value;
}

std::string usage_line(const Command& command, std::string_view path) {
    std::string line(path);
    if (!command.verbs.empty())
        return line + " COMMAND";
    for (const auto& argument : command.arguments) {
        using enum Argument::Count;
        switch (argument.count) {
        case one:
            line += " " + argument.name;
            break;
        case optional:
            line += " [" + argument.name + "]";
            break;
        case many:
            line += " [" + argument.name + "...]";
            break;
        case some:
            line += " " + argument.name + "...";
            break;
        }
    }
    return line + " [flags]";
}

std::vector<std::pair<int, std::string>> exit_codes(const Command& command) {
    std::map<int, std::string> codes{{0, "done"},
                                     {1, "failed"},
                                     {2, "wrong flag, argument or filter"},
                                     {3, "the configuration cannot be used"}};
    for (auto code : command.errors) {
        const auto& row = info(code);
        auto& text = codes[row.exit_code];
        if (text.empty())
            text = std::string(row.exit_name) + ": ";
        else if (row.exit_code > 3)
            text += " ";
        if (row.exit_code > 3 && text.find(row.meaning) == std::string::npos)
            text += row.meaning;
    }
    codes.emplace(130, "interrupted");
    return {codes.begin(), codes.end()};
}

std::string brief_help(const Command& command, std::string_view path) {
    auto text = command.summary + "\n\nUsage: " + usage_line(command, path) + "\n";
    text += examples_text(command);
    text += section("Commands", verb_rows(command));
    text += section("Flags", flag_rows(command.flags));
    return text + "\n`" + std::string(path) + " --help` says more.\n";
}

std::string full_help(const Command& command, std::string_view path) {
    auto text = command.summary + "\n\nUsage: " + usage_line(command, path) + "\n";
    if (!command.details.empty())
        text += "\n" + wrapped(command.details, 0);
    Rows arguments;
    for (const auto& argument : command.arguments)
        arguments.emplace_back(argument.name, argument.help);
    text += section("Commands", verb_rows(command));
    text += section("Arguments", arguments);
    text += section("Flags", flag_rows(command.flags));
    text += section("Flags of every command", flag_rows(global_flags()));
    text += examples_text(command);
    Rows exits;
    if (command.run)
        for (const auto& [code, meaning] : exit_codes(command))
            exits.emplace_back(std::to_string(code), meaning);
    return text + section("Exit codes", exits);
}

}  // namespace obliv::cli
