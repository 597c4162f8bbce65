#pragma once

#include "cli/command.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// The command that the words of a command line name, and the words that are left for it.
struct Located {
    const Command* command = nullptr;
    std::string path;  ///< `obliv token create`
    std::vector<std::string> rest;
    bool help_asked = false;  ///< by `help` in front of it
};

/// Finds the command: flags may stand before, between and after its words. An unknown word is
/// `usage` with one suggestion. The root itself is located when no word names a command.
Result<Located> locate(const Command& root, std::span<const std::string> words);

const Flag* find_flag(const Command& command, std::string_view name);
const Flag* find_flag(const Command& command, char letter);

}  // namespace obliv::cli
