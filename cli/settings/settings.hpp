#pragma once

#include "cli/settings/keys.hpp"
#include "cli/settings/paths.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// Where a value comes from, weakest first.
enum class Layer : std::uint8_t { built_in, system, user, project, variable, flag };

/// A value in force and its origin.
struct Setting {
    std::string text;               ///< as written in TOML without quotes
    std::vector<std::string> list;  ///< of key_command
    Layer layer = Layer::built_in;
    std::string origin;  ///< `built-in`, `OBLIV_MODEL`, `--model`, `file:line:column`
};

/// What the settings are read from.
struct SettingSources {
    Paths paths;
    std::string user_file;  ///< instead of the user's own; must exist
    bool no_project = false;
    std::string directory;                     ///< where the search for a project file starts
    std::map<std::string, std::string> flags;  ///< by key
};

/// The settings of one run: flag > OBLIV_* > trusted project file > user > system > built-in. A
/// value of the profile in use goes before the general one of any file.
class Settings {
public:
    /// Anything wrong in a file is `config_invalid` with its place.
    static Result<Settings> load(const SettingSources& sources, const Environment& environment);

    /// The built-in values alone, for commands that must work with broken files.
    static Settings built_in();

    std::string text(std::string_view key) const;  ///< empty when not set
    const Setting* find(std::string_view key) const;
    /// The profile in use; empty for none.
    const std::string& profile() const noexcept { return profile_; }
    /// Every value by full name, `profile.NAME.` included.
    const std::map<std::string, Setting, std::less<>>& all() const noexcept { return values_; }
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }
    const std::string& project_file() const noexcept { return project_file_; }
    const std::vector<std::string>& files() const noexcept { return files_; }

private:
    Result<void> read_file(const std::string& file, Layer layer, bool must_exist,
                           const SettingSources& sources);
    Result<void> take(const TomlEntry& entry, Layer layer, const std::string& file, bool trusted);
    void read_variables(const Environment& environment);
    Result<void> choose_profile();

    std::map<std::string, Setting, std::less<>> values_;
    std::vector<std::string> warnings_;
    std::vector<std::string> files_;
    std::string project_file_;
    std::string profile_;
};

/// Checks one file alone: every problem, one `file:line:column: what` a line.
Result<void> check_settings_text(std::string_view text, const std::string& file);

}  // namespace obliv::cli
