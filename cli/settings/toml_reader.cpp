#include "cli/settings/toml_reader.hpp"

#include "core/base/text.hpp"

// The only file here that includes toml++: it is slow to compile. Header only and without
// exceptions, so that nothing is needed at run time and errors are values.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>

namespace obliv::cli {
namespace {

TextPlace place_of(const toml::source_position& position) {
    return {position.line, position.column};
}

bool is_earlier(TextPlace a, TextPlace b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

TomlEntry entry_of(const toml::node& node, std::string name, TextPlace key_at) {
    TomlEntry entry;
    entry.name = std::move(name);
    entry.key_at = key_at;
    entry.value_at = place_of(node.source().begin);
    entry.value_end = place_of(node.source().end);
    if (const auto* text = node.as_string()) {
        entry.type = TomlEntry::Type::text;
        entry.text = text->get();
    } else if (const auto* number = node.as_integer()) {
        entry.type = TomlEntry::Type::integer;
        entry.text = std::to_string(number->get());
    } else if (const auto* truth = node.as_boolean()) {
        entry.type = TomlEntry::Type::boolean;
        entry.text = truth->get() ? "true" : "false";
    } else if (const auto* list = node.as_array()) {
        entry.type = TomlEntry::Type::list;
        for (const auto& item : *list) {
            const auto* word = item.as_string();
            if (!word)
                entry.type = TomlEntry::Type::other;
            else
                entry.list.push_back(word->get());
        }
    }
    return entry;
}

void collect(const toml::table& table, const std::string& prefix, TomlText& out) {
    for (auto&& [key, node] : table) {
        auto name = prefix + std::string(key.str());
        auto key_at = place_of(key.source().begin);
        if (const auto* below = node.as_table()) {
            out.tables.push_back({name, key_at});
            collect(*below, name + ".", out);
        } else {
            out.entries.push_back(entry_of(node, name, key_at));
        }
    }
}

}  // namespace

std::string place_text(const std::string& file, TextPlace place) {
    return file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

Result<TomlText> read_toml_text(std::string_view text, const std::string& file) {
    auto parsed = toml::parse(text);
    if (!parsed) {
        const auto& problem = parsed.error();
        return fail(Code::config_invalid, place_text(file, place_of(problem.source().begin)) +
                                              ": " + visible(problem.description()));
    }
    TomlText out;
    collect(parsed.table(), "", out);
    std::sort(out.entries.begin(), out.entries.end(),
              [](const auto& a, const auto& b) { return is_earlier(a.key_at, b.key_at); });
    std::sort(out.tables.begin(), out.tables.end(),
              [](const auto& a, const auto& b) { return is_earlier(a.at, b.at); });
    return out;
}

}  // namespace obliv::cli
