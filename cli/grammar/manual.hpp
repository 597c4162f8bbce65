#pragma once

#include "cli/command.hpp"

#include <string>
#include <utility>
#include <vector>

namespace obliv::cli {

/// One page of section 1: `obliv`, or `obliv-token` with all its verbs.
std::string manual_page(const Command& root, const Command& command);

/// Every page, as file name and text.
std::vector<std::pair<std::string, std::string>> manual_pages(const Command& root);

/// docs/commands.md: every command on one page.
std::string markdown_reference(const Command& root);

}  // namespace obliv::cli
