#pragma once

#include "core/base/result.hpp"

#include <functional>
#include <optional>
#include <string>

namespace obliv::config {

/// What a configuration depends on beside its files. Tests pass their own.
struct Environment {
    std::function<std::optional<std::string>(const std::string&)> variable;
    std::uint32_t uid = 0;  ///< effective
    std::string user;       ///< its name; empty if it has none
    std::string folder;     ///< the working directory: where relative flags begin

    static Environment of_process();
    std::string get(const std::string& name) const { return variable(name).value_or(""); }
};

/// Where one instance of oblivd keeps its things.
struct Instance {
    bool system = false;  ///< started by root or as user `oblivd`, not by a person
    std::string config_file;
    std::string data_dir;
    std::string socket;

    /// systemd's $CONFIGURATION_DIRECTORY, $STATE_DIRECTORY and $RUNTIME_DIRECTORY win over both
    /// sets of places. Each is empty when nothing says where: a person without a home folder.
    static Instance of(const Environment& environment);
};

/// What stands in a text: `${NAME}` is the environment variable, `$${` a plain `${`, and a text
/// that is `credential:NAME` all over is the file of that name in $CREDENTIALS_DIRECTORY without
/// its final line end. `referred` tells whether there was any. A missing one is `config_invalid`.
Result<std::string> resolve(const std::string& text, const Environment& environment,
                            bool& referred);

}  // namespace obliv::config
