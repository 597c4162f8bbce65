#include "cli/settings/paths.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace obliv::cli {
namespace {

std::string below(const Environment& environment, const char* variable, std::string_view fallback,
                  std::string_view rest) {
    auto folder = environment(variable);
    // The specification says to ignore a relative one.
    if (folder.starts_with('/'))
        return folder + std::string(rest);
    auto home = environment("HOME");
    return home.starts_with('/') ? home + std::string(fallback) + std::string(rest) : "";
}

bool exists(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0;
}

}  // namespace

Paths paths_from(const Environment& environment) {
    Paths paths;
    paths.user_config = below(environment, "XDG_CONFIG_HOME", "/.config", "/obliv/config.toml");
    paths.system_config = "/etc/obliv/config.toml";
    paths.state = below(environment, "XDG_STATE_HOME", "/.local/state", "/obliv");
    paths.home = environment("HOME");
    return paths;
}

std::string find_project_file(const std::string& directory, const std::string& home) {
    auto at = directory;
    while (!at.empty() && at != home) {
        auto file = at + (at == "/" ? "" : "/") + ".obliv.toml";
        if (exists(file))
            return file;
        if (at == "/" || exists(at + "/.git"))
            return {};
        auto slash = at.rfind('/');
        at = slash == 0 ? "/" : at.substr(0, slash);
    }
    return {};
}

}  // namespace obliv::cli
