#pragma once

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/config/environment.hpp"
#include "core/config/value.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace obliv::config {

/// Flags of the command line; they win over every file. Relative paths begin at the working
/// directory.
struct Flags {
    std::optional<std::string> config;  ///< a file that must exist; else the instance's, if it does
    std::optional<std::string> data_dir;
    std::vector<std::string> listen;  ///< replaces the list when not empty
    std::optional<std::string> socket;
    std::optional<std::string> log_level;
    std::optional<std::string> log_format;
};

/// The text of one file.
struct Source {
    std::string name;
    std::string text;
};

/// Where a value comes from and how it was written there.
struct Origin {
    Place place;
    std::string reference;  ///< TOML as written, when it refers to a variable or a credential
};

/// Settings ready for use: every path is absolute, every rule between two settings holds.
struct Loaded {
    Config config;
    std::map<std::string, Origin> origins;  ///< by `section.key`; none: the default
    std::vector<std::string> files;         ///< those read, in order
};

/// Reads the main file and its drop-ins. What is wrong is one `config_invalid` error whose message
/// has a line `file:line:column: what` for each problem found, all of them.
Result<Loaded> load(const Flags& flags, const Environment& environment);

/// The same from texts; later ones win, lists replace lists.
Result<Loaded> load_texts(std::span<const Source> sources, const Flags& flags,
                          const Environment& environment);

/// The settings that differ and take effect only at the next start, as `section.key`.
std::vector<std::string> needs_restart(const Config& old_config, const Config& new_config);

/// Every setting in force as TOML, with its origin in a comment; secrets are shown as their
/// references or as `***`.
std::string print(const Loaded& loaded);

}  // namespace obliv::config
