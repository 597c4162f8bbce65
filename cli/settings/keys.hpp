#pragma once

#include "cli/settings/toml_reader.hpp"
#include "core/base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// One setting of obliv.
struct Key {
    enum class Type : std::uint8_t { text, boolean, duration, list };

    std::string_view name;
    Type type;
    std::string_view meaning;
    std::string_view fallback;  ///< the built-in value; empty: none
    std::string_view variable;  ///< its environment variable; empty: none
    bool in_profile;            ///< may stand in a `[profile.NAME]` too
    bool in_project;            ///< may come from a project file that nobody has declared trusted
    std::vector<std::string_view> choices{};
};

std::span<const Key> all_keys();

/// The key of this name; `profile.NAME.server` is the key `server`.
const Key* find_key(std::string_view name);

/// Why there is no key of this name, with the nearest one.
Error unknown_key(std::string_view name);

/// Whether this value may stand for this key.
Result<void> check_setting(const Key& key, const TomlEntry& entry);

}  // namespace obliv::cli
