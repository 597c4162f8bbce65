#pragma once

#include "core/base/result.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

using Environment = std::function<std::string(const char*)>;

/// Where obliv keeps what it keeps (XDG). Empty where there is no home: then nothing is read there,
/// and what must be written says so.
struct Paths {
    std::string user_config;    ///< …/obliv/config.toml
    std::string system_config;  ///< /etc/obliv/config.toml
    std::string state;          ///< history, trust, credentials; 0700
    std::string home;
};

Paths paths_from(const Environment& environment);

/// `.obliv.toml` in `directory` or above it, up to a repository's root or the home folder; empty if
/// there is none.
std::string find_project_file(const std::string& directory, const std::string& home);

/// `state/name`, with the folder made if need be (0700).
Result<std::string> state_file(const Paths& paths, std::string_view name);

/// The text of a file of at most 1 MiB: `not_found` when it does not exist, else `io`.
Result<std::string> read_text_file(const std::string& path);

/// The same for a file that holds a secret: refused unless it is the user's own (or root's) and
/// 0600 or stricter.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace obliv::cli
