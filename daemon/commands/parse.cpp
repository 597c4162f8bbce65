#include "daemon/commands/parse.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

Error usage(std::string message, std::string_view command) {
    auto error = fail(Code::usage, std::move(message));
    error.hint = "oblivd " + std::string(command) + (command.empty() ? "" : " ") + "--help";
    return error;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
    auto meant = did_you_mean(word, known);
    return meant ? " (did you mean '" + std::string(*meant) + "'?)" : "";
}

bool is_group(std::string_view word) {
    return std::any_of(commands().begin(), commands().end(), [&](const Command& command) {
        return command.name.starts_with(std::string(word) + " ");
    });
}

std::vector<std::string_view> names_below(std::string_view group) {
    std::vector<std::string_view> out;
    for (const auto& command : commands()) {
        if (command.hidden)
            continue;
        if (group.empty())
            out.push_back(command.name.substr(0, command.name.find(' ')));
        else if (command.name.starts_with(std::string(group) + " "))
            out.push_back(command.name.substr(group.size() + 1));
    }
    return out;
}

class Parser {
public:
    explicit Parser(std::span<const std::string_view> words) : words_(words) {}

    Result<Invocation> run() {
        while (at_ < words_.size()) {
            auto word = words_[at_++];
            auto done =
                ended_ || word.size() < 2 || word[0] != '-' ? take_word(word) : take_flag(word);
            if (!done)
                return done.error();
        }
        return finish();
    }

private:
    std::string_view command_name() const {
        return out_.command != nullptr ? out_.command->name : std::string_view(group_);
    }

    Result<void> take_word(std::string_view word) {
        if (out_.command != nullptr)
            return take_argument(word);
        if (group_.empty() && word == "help") {
            out_.flags["--help"] = {""};
            return ok();
        }
        auto name = group_.empty() ? std::string(word) : group_ + " " + std::string(word);
        out_.command = find_command(name);
        if (out_.command != nullptr)
            return ok();
        if (group_.empty() && is_group(word)) {
            group_ = word;
            return ok();
        }
        return usage("unknown command '" + visible(name) + "'" +
                         suggestion(word, names_below(group_)),
                     group_);
    }

    Result<void> take_argument(std::string_view word) {
        if (help_asked())
            return ok();
        auto index = out_.arguments.size();
        const auto& expected = out_.command->arguments;
        if (index >= expected.size())
            return usage("unexpected argument '" + visible(word) + "'", command_name());
        const auto& choices = expected[index].choices;
        if (!choices.empty() && std::find(choices.begin(), choices.end(), word) == choices.end())
            return unknown_choice(expected[index], word);
        out_.arguments.emplace_back(word);
        return ok();
    }

    Error unknown_choice(const Argument& argument, std::string_view word) const {
        std::string known;
        for (auto choice : argument.choices)
            known += (known.empty() ? "" : ", ") + std::string(choice);
        return usage(std::string(argument.name) + ": expected one of " + known + ", got '" +
                         visible(word) + "'" + suggestion(word, argument.choices),
                     command_name());
    }

    Result<void> take_flag(std::string_view word) {
        if (word == "--") {
            ended_ = true;
            return ok();
        }
        if (word == "-h" || word == "--help") {
            out_.flags[std::string(word)] = {""};
            return ok();
        }
        auto name = word.substr(0, word.find('='));
        if (out_.command == nullptr)
            return usage("unknown flag '" + visible(name) + "' before a command" +
                             suggestion(name, {"--help"}),
                         command_name());
        for (const auto& flag : out_.command->flags)
            if (flag.name == name)
                return take_value(flag, word);
        std::vector<std::string_view> known{"--help"};
        for (const auto& flag : out_.command->flags)
            known.push_back(flag.name);
        return usage("unknown flag '" + visible(name) + "'" + suggestion(name, known),
                     command_name());
    }

    Result<void> take_value(const Flag& flag, std::string_view word) {
        auto& values = out_.flags[std::string(flag.name)];
        auto equals = word.find('=');
        if (!values.empty() && !flag.repeats)
            return usage(std::string(flag.name) + " is given twice", command_name());
        if (flag.value.empty() && equals != std::string_view::npos)
            return usage(std::string(flag.name) + " takes no value", command_name());
        if (flag.value.empty())
            values.emplace_back();
        else if (equals != std::string_view::npos)
            values.emplace_back(word.substr(equals + 1));
        else if (at_ < words_.size())
            values.emplace_back(words_[at_++]);
        else
            return usage(std::string(flag.name) + " needs a value: " + std::string(flag.name) +
                             " " + std::string(flag.value),
                         command_name());
        return ok();
    }

    bool help_asked() const { return out_.has("-h") || out_.has("--help"); }

    Result<Invocation> finish() {
        if (help_asked() || words_.empty())
            return std::move(out_);
        if (out_.command == nullptr) {
            std::string known;
            for (auto name : names_below(group_))
                known += (known.empty() ? "" : ", ") + std::string(name);
            return usage(group_.empty() ? std::string("a command is missing")
                                        : group_ + " needs one of " + known,
                         group_);
        }
        if (out_.arguments.size() < out_.command->arguments.size())
            return usage(std::string(out_.command->arguments[out_.arguments.size()].name) +
                             " is missing",
                         command_name());
        return std::move(out_);
    }

    std::span<const std::string_view> words_;
    std::size_t at_ = 0;
    bool ended_ = false;
    std::string group_;
    Invocation out_;
};

}  // namespace

std::optional<std::string> Invocation::value(std::string_view flag) const {
    auto found = flags.find(flag);
    if (found == flags.end())
        return std::nullopt;
    return found->second.back();
}

Result<Invocation> parse(std::span<const std::string_view> words) {
    return Parser(words).run();
}

}  // namespace obliv::daemon
