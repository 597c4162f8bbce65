#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::config {

/// Where a value was written: a file with line and column, or a flag (line 0).
struct Place {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    std::string text() const;  ///< `file:line:column`, or the name of the flag
};

/// Something that must be mended before the configuration can be used.
struct Problem {
    Place place;
    std::string message;
};

/// A value as written, before anybody knows what it should be.
struct Value {
    enum class Kind : std::uint8_t { text, integer, boolean, list, other };

    Kind kind = Kind::other;
    std::string text;  ///< of Kind::text; of Kind::other, what it is ("a table")
    std::int64_t integer = 0;
    bool boolean = false;
    std::vector<Value> list;
    Place place;
    /// The text as written when it holds `${NAME}` or is `credential:NAME`; `text` is what that
    /// stands for, and must not be shown.
    std::string reference;

    /// `text 'abc'`, `the number 5`, `a list`: for messages. Never what a reference stands for.
    std::string described() const;
    /// As TOML, references unresolved.
    std::string written() const;
    bool has_reference() const;
};

/// One `key = value` line of one section.
struct Entry {
    std::string section;  ///< `a.b` for what stands under [a.b]
    std::string key;
    Place place;  ///< of the key
    Value value;
};

/// What a file says, in its order.
struct Document {
    std::vector<Entry> entries;
    std::vector<Entry> sections;  ///< every table, with an empty key: also those without entries
};

/// Reads TOML. Syntax errors become problems; the document then holds nothing.
Document read_toml(std::string_view text, const std::string& file, std::vector<Problem>& problems);

/// `text` as a TOML basic string, quotes included.
std::string toml_quoted(std::string_view text);

}  // namespace obliv::config
