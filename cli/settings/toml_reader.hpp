#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// A place in a text: byte offset, and line and column for people (from 1).
struct TextPlace {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

/// One `key = value`, with the names of its tables in front: `profile.work.server`.
struct TomlEntry {
    enum class Type : std::uint8_t { text, integer, boolean, list, other };

    std::string name;
    Type type = Type::other;
    std::string text;               ///< the value; of numbers and truths as written in TOML
    std::vector<std::string> list;  ///< of a list of texts
    TextPlace key_at;
    TextPlace value_at;
    TextPlace value_end;  ///< one past the value
};

struct TomlTable {
    std::string name;
    TextPlace at;
};

struct TomlText {
    std::vector<TomlEntry> entries;  ///< in the order of the file
    std::vector<TomlTable> tables;
};

/// Reads TOML; a syntax error is `config_invalid` with file:line:column.
Result<TomlText> read_toml_text(std::string_view text, const std::string& file);

/// `file:line:column`.
std::string place_text(const std::string& file, TextPlace place);

}  // namespace obliv::cli
