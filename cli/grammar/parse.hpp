#pragma once

#include "cli/command.hpp"
#include "cli/grammar/values.hpp"

#include <span>
#include <string>

namespace obliv::cli {

/// A command line, understood.
struct Parsed {
    enum class Help : std::uint8_t { none, brief, full };

    const Command* command = nullptr;
    std::string path;  ///< `obliv token create`
    Values values;
    Help help = Help::none;  ///< when asked for, nothing else was checked
};

/// Understands the words after the program's name. Whatever is wrong with them is `usage`.
Result<Parsed> parse(const Command& root, std::span<const std::string> words);

}  // namespace obliv::cli
