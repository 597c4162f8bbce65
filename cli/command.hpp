#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace obliv::cli {

class Invocation;

/// What a flag's value has to look like; checked before the command runs.
enum class Kind : std::uint8_t {
    text,
    file,      ///< completed as a file name
    duration,  ///< 250ms 10s 5m 2h 7d
    count,     ///< 20, 10k, 1M
    decimal,   ///< 0.7
    money,     ///< 5.00
    time,      ///< RFC 3339, or -24h
    key,       ///< a name of a setting, for completion
};

struct Flag {
    std::string name;   ///< without the dashes
    std::string value;  ///< what stands for the value in help; empty: a switch
    std::string help;
    Kind kind = Kind::text;
    char letter = 0;
    bool repeats = false;
    std::vector<std::string> choices{};
};

struct Argument {
    enum class Count : std::uint8_t { one, optional, many, some };  ///< many: 0 or more; some: 1+

    std::string name;
    std::string help;
    Count count = Count::one;
    Kind kind = Kind::text;
    std::vector<std::string> choices{};
};

struct Example {
    std::string line;
    std::string meaning;
};

/// One command, and everything that is ever said about it: parsing, help, completion, the manual
/// and docs/commands.md are made from this.
struct Command {
    std::string name;
    std::string summary;    ///< one line, no full stop
    std::string details{};  ///< whole sentences for --help and the manual
    std::vector<Argument> arguments{};
    std::vector<Flag> flags{};
    std::vector<Example> examples{};
    std::vector<Code> errors{};                  ///< beyond those that every command can meet
    Result<void> (*run)(Invocation&) = nullptr;  ///< null: only its verbs do something
    bool bears_bad_config = false;  ///< runs on the built-in settings when files are wrong
    std::vector<Command> verbs{};
};

/// The flags that every command understands.
const std::vector<Flag>& global_flags();

}  // namespace obliv::cli
