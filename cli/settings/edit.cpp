#include "cli/settings/edit.hpp"

#include "cli/settings/settings.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cstdio>

namespace obliv::cli {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            std::array<char, 8> escape{};
            (void)std::snprintf(escape.data(), escape.size(), "\\u%04X",
                                static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string as_toml(const Key& key, const std::string& value) {
    if (key.type == Key::Type::boolean)
        return value;
    if (key.type != Key::Type::list)
        return quoted(value);
    std::string out;
    for (auto part : split(value, ','))
        out += (out.empty() ? "[" : ", ") + quoted(trim(part));
    return out + "]";
}

/// Offset of a place. Columns count characters, offsets count bytes.
std::size_t offset_of(std::string_view text, TextPlace place) {
    std::size_t at = 0;
    for (std::uint32_t line = 1; line < place.line; ++line)
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    for (std::uint32_t column = 1; column < place.column && at < text.size(); ++column) {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
            ++at;
    }
    return at;
}

std::size_t line_start(std::string_view text, std::uint32_t line) {
    return offset_of(text, {line, 1});
}

const TomlEntry* find_entry(const TomlText& parsed, const std::string& name) {
    for (const auto& entry : parsed.entries)
        if (entry.name == name)
            return &entry;
    return nullptr;
}

/// The names of tables are bare where TOML allows that.
std::string table_header(std::string_view table) {
    std::string out = "[profile.";
    std::string name(table.substr(std::string_view("profile.").size()));
    bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
    return out + (bare ? name : quoted(name)) + "]\n";
}

/// The table that a setting is in; empty at the top.
std::string_view table_of(std::string_view name) {
    auto dot = name.rfind('.');
    return dot == std::string_view::npos ? "" : name.substr(0, dot);
}

/// The last entry of a table, behind which a new one goes, so that the table stays together.
const TomlEntry* last_of(const TomlText& parsed, std::string_view table) {
    const TomlEntry* last = nullptr;
    for (const auto& entry : parsed.entries)
        if (table_of(entry.name) == table)
            last = &entry;
    return last;
}

std::string with_new_entry(std::string_view text, const TomlText& parsed, const std::string& name,
                           const std::string& value) {
    auto table = table_of(name);
    auto line = name.substr(table.empty() ? 0 : table.size() + 1) + " = " + value + "\n";
    std::string out(text);
    if (!out.empty() && !out.ends_with('\n'))
        out += '\n';
    if (const auto* last = last_of(parsed, table))
        return out.insert(std::min(line_start(out, last->value_end.line + 1), out.size()), line);
    if (!table.empty())
        return out + (out.empty() ? "" : "\n") + table_header(table) + line;
    if (parsed.tables.empty())
        return out + line;
    return out.insert(line_start(out, parsed.tables.front().at.line), line + "\n");
}

}  // namespace

Result<std::string> with_setting(std::string_view text, const std::string& file,
                                 const std::string& key, const std::string& value) {
    const auto* known = find_key(key);
    if (!known) {
        auto error = unknown_key(key);
        error.code = Code::usage;
        return error;
    }
    auto parsed = read_toml_text(text, file);
    if (!parsed)
        return parsed.error();
    auto written = as_toml(*known, value);
    // Judged alone first, so that a wrong value is reported as one.
    auto alone = read_toml_text("x = " + written + "\n", "the value");
    if (!alone || !check_setting(*known, alone->entries.front())) {
        auto why = alone ? check_setting(*known, alone->entries.front()).error() : alone.error();
        why.code = Code::usage;
        return why;
    }
    std::string changed;
    if (const auto* entry = find_entry(*parsed, key)) {
        auto begin = offset_of(text, entry->value_at);
        auto end = offset_of(text, entry->value_end);
        changed = std::string(text.substr(0, begin)) + written + std::string(text.substr(end));
    } else {
        changed = with_new_entry(text, *parsed, key, written);
    }
    auto check_again = read_toml_text(changed, file);
    if (!check_again)
        return check_again.error();
    if (!find_entry(*check_again, key))
        return fail(Code::config_invalid, file + ": '" + key + "' cannot be placed in this file");
    return changed;
}

Result<std::string> without_setting(std::string_view text, const std::string& file,
                                    const std::string& key) {
    auto parsed = read_toml_text(text, file);
    if (!parsed)
        return parsed.error();
    const auto* entry = find_entry(*parsed, key);
    if (!entry)
        return fail(Code::not_found, file + " does not set '" + visible(key) + "'");
    auto begin = line_start(text, entry->key_at.line);
    auto end = std::min(line_start(text, entry->value_end.line + 1), text.size());
    return std::string(text.substr(0, begin)) + std::string(text.substr(end));
}

}  // namespace obliv::cli
