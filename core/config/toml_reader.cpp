#include "core/base/text.hpp"
#include "core/config/value.hpp"

// The only file that includes toml++: it takes longer to compile than the rest of this folder.
// Header only and without exceptions, so that nothing is needed at run time and errors are values.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace obliv::config {
namespace {

Place place_of(const std::string& file, const toml::source_region& region) {
    return {file, region.begin.line, region.begin.column};
}

std::string_view kind_name(toml::node_type type) {
    switch (type) {
    case toml::node_type::table:
        return "a table";
    case toml::node_type::floating_point:
        return "a fraction";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
        return "a date or time without quotes";
    default:
        return "something else";
    }
}

Value value_of(const toml::node& node, const std::string& file) {
    Value value;
    value.place = place_of(file, node.source());
    if (const auto* text = node.as_string()) {
        value.kind = Value::Kind::text;
        value.text = text->get();
    } else if (const auto* number = node.as_integer()) {
        value.kind = Value::Kind::integer;
        value.integer = number->get();
    } else if (const auto* truth = node.as_boolean()) {
        value.kind = Value::Kind::boolean;
        value.boolean = truth->get();
    } else if (const auto* list = node.as_array()) {
        value.kind = Value::Kind::list;
        for (const auto& item : *list)
            value.list.push_back(value_of(item, file));
    } else {
        value.text = kind_name(node.type());
    }
    return value;
}

void read_section(const toml::table& table, const std::string& section, const std::string& file,
                  Document& out) {
    for (auto&& [key, node] : table) {
        Entry entry{section, std::string(key.str()), place_of(file, key.source()), {}};
        entry.value = value_of(node, file);
        out.entries.push_back(std::move(entry));
    }
}

}  // namespace

Document read_toml(std::string_view text, const std::string& file, std::vector<Problem>& problems) {
    Document out;
    auto parsed = toml::parse(text);
    if (!parsed) {
        const auto& error = parsed.error();
        problems.push_back({place_of(file, error.source()), visible(error.description())});
        return out;
    }
    for (auto&& [key, node] : parsed.table()) {
        Entry entry{"", std::string(key.str()), place_of(file, key.source()), {}};
        if (const auto* table = node.as_table()) {
            entry.section = entry.key;
            entry.key.clear();
            read_section(*table, entry.section, file, out);
            out.sections.push_back(std::move(entry));
        } else {
            entry.value = value_of(node, file);
            out.entries.push_back(std::move(entry));
        }
    }
    return out;
}

}  // namespace obliv::config
