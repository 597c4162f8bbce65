#pragma once

#include <string>

namespace obliv::daemon {

/// Completion scripts, made from the command table alone: nothing runs while somebody types.
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

std::string manual_oblivd();       ///< oblivd(8)
std::string manual_oblivd_toml();  ///< oblivd.toml(5)
std::string errors_page();         ///< docs/errors.md

}  // namespace obliv::daemon
