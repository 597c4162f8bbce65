#pragma once

#include "core/base/result.hpp"
#include "core/config/environment.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::daemon {

struct Command;

struct Flag {
    std::string_view name;   ///< with its dashes
    std::string_view value;  ///< what stands for the value in help; empty: a switch
    std::string_view help;   ///< no full stop
    bool repeats = false;
    bool file = false;  ///< completed as a file name
};

struct Argument {
    std::string_view name;  ///< as in help, upper case
    std::string_view help;
    std::vector<std::string_view> choices;  ///< empty: any text
};

struct Example {
    std::string_view line;
    std::string_view meaning;
};

/// One call of the program, taken apart.
struct Invocation {
    const Command* command = nullptr;
    std::map<std::string, std::vector<std::string>, std::less<>> flags;  ///< a switch has one ""
    std::vector<std::string> arguments;
    config::Environment environment;

    bool has(std::string_view flag) const { return flags.find(flag) != flags.end(); }
    /// The last value of a flag, or nothing.
    std::optional<std::string> value(std::string_view flag) const;
};

/// One verb of oblivd, and everything that is ever said about it: parsing, help, completion and the
/// manual are made from this.
struct Command {
    std::string_view name;     ///< `run`, `ctl reload`
    std::string_view summary;  ///< one line, no full stop
    std::string_view details;  ///< whole sentences
    std::vector<Argument> arguments;
    std::vector<Flag> flags;
    std::vector<Example> examples;
    Result<void> (*run)(const Invocation&);
    bool hidden = false;  ///< for our own scripts
};

/// Every verb, in the order of documents.
std::span<const Command> commands();
const Command* find_command(std::string_view name);

}  // namespace obliv::daemon
