#include "core/config/environment.hpp"

#include "core/base/text.hpp"
#include "core/config/files.hpp"
#include "core/config/limits.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <unistd.h>
#include <vector>

namespace obliv::config {
namespace {

bool is_name(std::string_view text, std::string_view extra) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               extra.find(c) != std::string_view::npos;
    });
}

Result<std::string> credential(std::string_view name, const Environment& environment) {
    auto bad = [&](std::string_view why) {
        return fail(Code::config_invalid, "credential '" + visible(name) + "' " + std::string(why));
    };
    if (!is_name(name, "-_.") || name.starts_with('.'))
        return bad("has a name that is no file name");
    auto folder = environment.get("CREDENTIALS_DIRECTORY");
    if (folder.empty())
        return bad("is not there: $CREDENTIALS_DIRECTORY is not set (LoadCredential= sets it)");
    auto text = read_file(folder + "/" + std::string(name), limits::credential_bytes);
    if (!text)
        return bad("cannot be read: " + text.error().message);
    while (text->ends_with('\n') || text->ends_with('\r'))
        text->pop_back();
    return text;
}

std::string user_name(uid_t uid) {
    std::vector<char> buffer(16 << 10);
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return {};
    return found->pw_name;
}

/// The first of systemd's colon-separated folders, if it gave any.
std::string given_folder(const Environment& environment, const std::string& name) {
    auto all = environment.get(name);
    return all.substr(0, all.find(':'));
}

/// A folder of the XDG base directory rules: relative values are to be ignored.
std::string xdg(const Environment& environment, const std::string& name, std::string_view below) {
    auto folder = environment.get(name);
    if (folder.starts_with('/'))
        return folder;
    auto home = environment.get("HOME");
    if (below.empty() || !home.starts_with('/'))
        return {};
    return home + "/" + std::string(below);
}

/// Ours below the XDG folder; empty when there is none.
std::string own_folder(const Environment& environment, const std::string& name,
                       std::string_view below) {
    auto folder = xdg(environment, name, below);
    return folder.empty() ? folder : folder + "/oblivd";
}

}  // namespace

Environment Environment::of_process() {
    Environment out;
    out.variable = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr)
            return std::nullopt;
        return value;
    };
    out.uid = geteuid();
    out.user = user_name(out.uid);
    std::error_code ignored;
    out.folder = std::filesystem::current_path(ignored).string();
    return out;
}

Instance Instance::of(const Environment& environment) {
    Instance out;
    out.system = environment.uid == 0 || environment.user == "oblivd";
    auto folder = [&](const std::string& given, const std::string& system,
                      const std::string& user) {
        auto found = given_folder(environment, given);
        return !found.empty() ? found : out.system ? system : user;
    };
    auto config = folder("CONFIGURATION_DIRECTORY", "/etc/oblivd",
                         own_folder(environment, "XDG_CONFIG_HOME", ".config"));
    auto state = folder("STATE_DIRECTORY", "/var/lib/oblivd",
                        own_folder(environment, "XDG_DATA_HOME", ".local/share"));
    auto runtime =
        folder("RUNTIME_DIRECTORY", "/run/oblivd", own_folder(environment, "XDG_RUNTIME_DIR", ""));
    // Each may be empty: whoever gives --config, --data-dir and --socket needs no home.
    if (!config.empty())
        out.config_file = config + "/oblivd.toml";
    out.data_dir = state;
    if (!runtime.empty())
        out.socket = runtime + "/oblivd.sock";
    return out;
}

Result<std::string> resolve(const std::string& text, const Environment& environment,
                            bool& referred) {
    constexpr std::string_view prefix = "credential:";
    referred = text.starts_with(prefix);
    if (referred)
        return credential(std::string_view(text).substr(prefix.size()), environment);
    std::string out;
    std::string_view rest = text;
    while (!rest.empty()) {
        auto at = rest.find("${");
        if (at == std::string_view::npos)
            break;
        if (at > 0 && rest[at - 1] == '$') {
            out.append(rest.substr(0, at - 1)).append("${");
            rest.remove_prefix(at + 2);
            continue;
        }
        auto end = rest.find('}', at);
        auto name = rest.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
        if (end == std::string_view::npos || !is_name(name, "_"))
            return fail(Code::config_invalid,
                        "expected ${VARIABLE}, got '" + visible(rest.substr(at)) + "'");
        auto value = environment.variable(std::string(name));
        if (!value)
            return fail(Code::config_invalid,
                        "the environment variable " + std::string(name) + " is not set");
        out.append(rest.substr(0, at)).append(*value);
        rest.remove_prefix(end + 1);
        referred = true;
    }
    return out.append(rest);
}

}  // namespace obliv::config
