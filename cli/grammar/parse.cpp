#include "cli/grammar/parse.hpp"

#include "cli/grammar/locate.hpp"
#include "core/base/text.hpp"

// The only file of obliv that includes CLI11. It takes the flags apart; commands and arguments are
// ours, because its subcommands swallow arguments that are spelled like a command.
#include <CLI/CLI.hpp>

#include <algorithm>

namespace obliv::cli {
namespace {

Error usage(std::string message, const std::string& path) {
    auto error = fail(Code::usage, std::move(message));
    error.hint = "`" + path + " -h` shows how it is used";
    return error;
}

/// `--name=value` as two words: CLI11 takes the next word for an empty value.
Result<std::vector<std::string>> separate_values(const Located& located) {
    std::vector<std::string> words;
    bool flags_ended = false;
    for (const auto& word : located.rest) {
        auto equals = word.find('=');
        flags_ended = flags_ended || word == "--";
        if (flags_ended || !word.starts_with("--") || equals == std::string::npos) {
            words.push_back(word);
            continue;
        }
        auto name = word.substr(2, equals - 2);
        const auto* flag = find_flag(*located.command, name);
        if (flag && flag->value.empty())
            return usage("--" + name + " takes no value", located.path);
        words.push_back(word.substr(0, equals));
        if (flag)
            words.push_back(word.substr(equals + 1));
    }
    return words;
}

Error unknown_flag(const Located& located, const std::string& word) {
    auto error = usage("there is no flag '" + visible(word) + "'", located.path);
    std::vector<std::string> known;
    for (const auto* flags : {&located.command->flags, &global_flags()})
        for (const auto& flag : *flags)
            known.push_back("--" + flag.name);
    std::vector<std::string_view> names(known.begin(), known.end());
    if (word.starts_with("--"))
        if (auto near = did_you_mean(word, names))
            error.hint = "did you mean '" + std::string(*near) + "'?";
    return error;
}

struct Bound {
    const Flag* flag;
    CLI::Option* option;
};

std::vector<Bound> bind_flags(CLI::App& app, const Command& command) {
    std::vector<Bound> bound;
    auto add = [&](const Flag& flag) {
        std::string names = flag.letter ? std::string{'-', flag.letter, ','} : std::string();
        names += "--" + flag.name;
        auto* option = flag.value.empty() ? app.add_flag(names) : app.add_option(names);
        if (!flag.value.empty())
            option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        bound.push_back({&flag, option});
    };
    for (const auto& flag : command.flags) {
        auto same = [&](const Flag& global) {
            return global.name == flag.name || (flag.letter && global.letter == flag.letter);
        };
        check(std::none_of(global_flags().begin(), global_flags().end(), same),
              "no command gives a global flag another meaning");
        add(flag);
    }
    for (const auto& flag : global_flags())
        add(flag);
    return bound;
}

Result<void> take_flag(const Bound& bound, const std::string& path, Values& values) {
    auto results = bound.option->results();
    auto given = bound.option->count();
    if (given == 0)
        return ok();
    const auto& flag = *bound.flag;
    auto name = "--" + flag.name;
    if (given > 1 && !flag.repeats && !flag.value.empty())
        return usage(name + " was given twice", path);
    for (const auto& text : results)
        if (!flag.value.empty())
            if (auto good = check_value(flag.kind, flag.choices, text, name); !good)
                return good;
    values.flags[flag.name] = std::move(results);
    return ok();
}

Result<void> count_arguments(const Command& command, const Values& values,
                             const std::string& path) {
    std::size_t least = 0;
    bool endless = false;
    for (const auto& argument : command.arguments) {
        using enum Argument::Count;
        bool needed = argument.count == one || argument.count == some;
        if (needed && values.arguments.size() <= least)
            return usage("the argument " + argument.name + " is missing", path);
        least += needed ? 1 : 0;
        endless = endless || argument.count == many || argument.count == some;
    }
    if (!endless && values.arguments.size() > command.arguments.size())
        return usage("'" + visible(values.arguments[command.arguments.size()]) +
                         "' is one argument too many",
                     path);
    return ok();
}

Result<void> check_arguments(const Command& command, const Values& values,
                             const std::string& path) {
    if (auto counted = count_arguments(command, values, path); !counted)
        return counted;
    for (std::size_t i = 0; i < values.arguments.size(); ++i) {
        const auto& argument = command.arguments[std::min(i, command.arguments.size() - 1)];
        auto good =
            check_value(argument.kind, argument.choices, values.arguments[i], argument.name);
        if (!good)
            return good;
    }
    return ok();
}

/// Whether this word, left over by CLI11, was meant as a flag. A negative number is not.
bool looks_like_flag(const std::string& word) {
    return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

Result<void> read_words(const Located& located, Parsed& parsed) {
    auto split_words = separate_values(located);
    if (!split_words)
        return split_words.error();
    auto end = std::find(split_words->begin(), split_words->end(), "--");
    std::vector<std::string> reversed(std::make_reverse_iterator(end), split_words->rend());

    CLI::App app;
    app.set_help_flag("");
    app.allow_extras();
    auto bound = bind_flags(app, *located.command);
    try {
        app.parse(std::move(reversed));
    } catch (const CLI::ParseError&) {
        // The one thing that can still be wrong: a value is missing at the end.
        return usage("'" + visible(*std::prev(end)) + "' needs a value", located.path);
    }
    for (const auto& word : app.remaining()) {
        if (looks_like_flag(word))
            return unknown_flag(located, word);
        parsed.values.arguments.push_back(word);
    }
    if (end != split_words->end())
        parsed.values.arguments.insert(parsed.values.arguments.end(), end + 1, split_words->end());
    for (const auto& one : bound)
        if (auto taken = take_flag(one, located.path, parsed.values); !taken)
            return taken;
    return ok();
}

Parsed::Help help_asked(const Located& located) {
    for (const auto& word : located.rest) {
        if (word == "--")
            break;
        if (word == "--help")
            return Parsed::Help::full;
        if (word == "-h")
            return Parsed::Help::brief;
    }
    return located.help_asked ? Parsed::Help::full : Parsed::Help::none;
}

}  // namespace

Result<Parsed> parse(const Command& root, std::span<const std::string> words) {
    auto located = locate(root, words);
    if (!located)
        return located.error();
    Parsed parsed;
    parsed.command = located->command;
    parsed.path = located->path;
    parsed.help = help_asked(*located);
    if (parsed.help != Parsed::Help::none)
        return parsed;
    if (auto read = read_words(*located, parsed); !read)
        return read.error();
    if (!parsed.command->run) {
        auto error = fail(Code::usage, "`" + parsed.path + "` needs a command");
        error.hint = "`" + parsed.path + " --help` lists them";
        return error;
    }
    if (auto good = check_arguments(*parsed.command, parsed.values, parsed.path); !good)
        return good.error();
    return parsed;
}

}  // namespace obliv::cli
