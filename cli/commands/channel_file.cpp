#include "cli/commands/channel_keys.hpp"
#include "cli/commands/channel_plan.hpp"
#include "cli/settings/paths.hpp"
#include "cli/settings/toml_reader.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

namespace obliv::cli {
namespace {

constexpr std::size_t file_bytes_max = 1U << 20;
constexpr std::string_view aliases_suffix = ".aliases";

using Type = TomlEntry::Type;

/// One `key = value` of one table of the file.
struct Line {
    const TomlEntry& entry;
    std::string table;
    std::string key;
};

Error at(const Line& line, const std::string& message) {
    return fail(Code::usage, "line " + std::to_string(line.entry.key_at.line) + ": " + message);
}

Error expected(const Line& line, std::string_view what) {
    return at(line, "expected " + std::string(what) + " for '" + visible(line.key) + "'");
}

/// A name may have dots, so the table is the longest that the entry's name begins with.
Line line_of(const TomlEntry& entry, const TomlText& document) {
    std::string table;
    for (const auto& one : document.tables)
        if (one.name.size() > table.size() && entry.name.starts_with(one.name + "."))
            table = one.name;
    auto key = table.empty() ? entry.name : entry.name.substr(table.size() + 1);
    return {entry, std::move(table), std::move(key)};
}

Result<Json> keys_of(const Line& line) {
    if (line.entry.type != Type::text)
        return expected(line, "a text");
    const auto& name = line.entry.text;
    if (line.key == "key_env") {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr)
            return at(line, "the environment has no " + visible(name));
        return keys_in(value, "the variable " + visible(name));
    }
    auto secret = read_secret_file(name);
    if (!secret)
        return secret.error();
    return keys_in(*secret, visible(name));
}

struct Field {
    std::string_view name;
    Type type;
    std::string_view what;
};
constexpr std::array fields{
    Field{"type", Type::text, "a text"},
    Field{"base_url", Type::text, "a text"},
    Field{"proxy", Type::text, "a text"},
    Field{"models", Type::list, "a list of texts"},
    Field{"groups", Type::list, "a list of texts"},
    Field{"keys", Type::list, "a list of texts"},
    Field{"weight", Type::integer, "a whole number"},
    Field{"priority", Type::integer, "a whole number"},
    Field{"enabled", Type::boolean, "true or false"},
};

Json value_of(const TomlEntry& entry) {
    switch (entry.type) {
    case Type::list:
        return Json(entry.list);
    case Type::integer:
        return Json(parse_int(entry.text).value_or(0));
    case Type::boolean:
        return Json(entry.text == "true");
    default:
        return Json(entry.text);
    }
}

Result<void> take(const Line& line, Json& channel) {
    if (line.key == "key_env" || line.key == "key_file") {
        auto keys = keys_of(line);
        if (!keys)
            return keys.error();
        channel["keys"] = std::move(*keys);
        return ok();
    }
    for (const auto& field : fields) {
        if (line.key != field.name)
            continue;
        if (line.entry.type != field.type)
            return expected(line, field.what);
        channel[line.key] = value_of(line.entry);
        return ok();
    }
    return at(line, "a channel has no '" + visible(line.key) + "'");
}

/// What is not said is at its default, so that the file alone says how a channel is. Keys are kept:
/// they may well lie elsewhere.
void fill_defaults(Json& channel) {
    const Json defaults{{"base_url", nullptr},   {"aliases", Json::object()},
                        {"groups", {"default"}}, {"priority", 0},
                        {"weight", 1},           {"enabled", true},
                        {"proxy", nullptr}};
    for (const auto& [name, value] : defaults.items())
        if (!channel.contains(name))
            channel[name] = value;
}

}  // namespace

Result<std::string> text_of_file(const std::string& path) {
    std::string text;
    if (path == "-") {
        std::array<char, 4096> buffer{};
        for (ssize_t got = 0; (got = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0;) {
            text.append(buffer.data(), static_cast<std::size_t>(got));
            if (text.size() > file_bytes_max)
                break;
        }
    } else {
        std::ifstream file(path, std::ios::binary);
        if (!file)
            return fail(Code::usage, "cannot read " + visible(path));
        for (char c = 0; text.size() <= file_bytes_max && file.get(c);)
            text += c;
    }
    if (text.size() > file_bytes_max)
        return fail(Code::usage, visible(path) + " is over a megabyte");
    return text;
}

Result<WantedChannels> read_declaration(const std::string& text, const std::string& file) {
    auto document = read_toml_text(text, file);
    if (!document)
        return fail(Code::usage, document.error().message);
    std::vector<std::string> order;
    std::map<std::string, Json> channels;
    for (const auto& entry : document->entries) {
        auto line = line_of(entry, *document);
        if (line.table.empty())
            return at(line, "a channel is a table: begin with [NAME]");
        bool aliases = line.table.ends_with(aliases_suffix);
        auto name = line.table;
        if (aliases)
            name.resize(name.size() - aliases_suffix.size());
        if (!channels.contains(name)) {
            order.push_back(name);
            channels[name] = Json{{"name", name}};
        }
        if (aliases && entry.type != Type::text)
            return expected(line, "the name of a model");
        if (aliases)
            channels[name]["aliases"][line.key] = entry.text;
        else if (auto taken = take(line, channels[name]); !taken)
            return std::move(taken.error()).in(file);
    }
    WantedChannels wanted;
    for (const auto& name : order) {
        auto& channel = channels[name];
        for (const char* needed : {"type", "models"})
            if (!channel.contains(needed))
                return fail(Code::usage,
                            file + ": the channel '" + visible(name) + "' has no " + needed);
        fill_defaults(channel);
        wanted.push_back(std::move(channel));
    }
    return wanted;
}

}  // namespace obliv::cli
