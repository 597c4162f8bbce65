#include "cli/grammar/locate.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::cli {
namespace {

std::string_view full_name(std::string_view word) noexcept {
    if (word == "ls")
        return "list";
    return word == "rm" ? "remove" : word;
}

const Command* find_verb(const Command& command, std::string_view word) {
    auto found = std::find_if(command.verbs.begin(), command.verbs.end(),
                              [&](const Command& verb) { return verb.name == full_name(word); });
    return found == command.verbs.end() ? nullptr : &*found;
}

/// Whether the value of this flag is the next word.
bool takes_next_word(const Command& command, std::string_view word) {
    if (word.find('=') != std::string_view::npos)
        return false;
    const Flag* flag = nullptr;
    if (word.starts_with("--"))
        flag = find_flag(command, word.substr(2));
    else if (word.size() == 2)
        flag = find_flag(command, word[1]);
    return flag && !flag->value.empty();
}

/// Whether the words from this one on belong to the command, not to its name.
bool ends_name(const Command& command, std::string_view word) {
    return command.verbs.empty() || word == "--";
}

bool is_flag(std::string_view word) {
    return word.starts_with('-') && word.size() > 1;
}

Error unknown_word(const Command& command, const std::string& path, const std::string& word) {
    auto error = fail(Code::usage, "'" + visible(word) + "' is no command of `" + path + "`");
    std::vector<std::string_view> names;
    for (const auto& verb : command.verbs)
        names.push_back(verb.name);
    if (auto near = did_you_mean(word, names))
        error.hint = "did you mean `" + path + " " + std::string(*near) + "`?";
    else
        error.hint = "`" + path + " --help` lists them";
    return error;
}

}  // namespace

const Flag* find_flag(const Command& command, std::string_view name) {
    auto named = [&](const Flag& flag) { return flag.name == name; };
    auto own = std::find_if(command.flags.begin(), command.flags.end(), named);
    if (own != command.flags.end())
        return &*own;
    auto& shared = global_flags();
    auto global = std::find_if(shared.begin(), shared.end(), named);
    return global == shared.end() ? nullptr : &*global;
}

const Flag* find_flag(const Command& command, char letter) {
    auto lettered = [&](const Flag& flag) { return flag.letter != 0 && flag.letter == letter; };
    auto own = std::find_if(command.flags.begin(), command.flags.end(), lettered);
    if (own != command.flags.end())
        return &*own;
    auto& shared = global_flags();
    auto global = std::find_if(shared.begin(), shared.end(), lettered);
    return global == shared.end() ? nullptr : &*global;
}

Result<Located> locate(const Command& root, std::span<const std::string> words) {
    Located found{&root, root.name, {}, false};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i];
        if (ends_name(*found.command, word)) {
            found.rest.insert(found.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i),
                              words.end());
            break;
        }
        if (is_flag(word)) {
            found.rest.push_back(word);
            if (takes_next_word(*found.command, word) && i + 1 < words.size())
                found.rest.push_back(words[++i]);
            continue;
        }
        if (found.command == &root && word == "help" && !found.help_asked) {
            found.help_asked = true;
            continue;
        }
        const auto* verb = find_verb(*found.command, word);
        if (!verb)
            return unknown_word(*found.command, found.path, word);
        found.command = verb;
        found.path += " " + verb->name;
    }
    return found;
}

}  // namespace obliv::cli
