#include "core/config/load.hpp"

#include "core/base/text.hpp"
#include "core/config/files.hpp"
#include "core/config/schema.hpp"
#include "core/config/validate.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

namespace obliv::config {
namespace {

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known,
                       std::string_view before, std::string_view after) {
    auto meant = did_you_mean(word, known);
    if (!meant)
        return {};
    return " (did you mean " + std::string(before) + std::string(*meant) + std::string(after) +
           "?)";
}

/// Puts one source after another into a configuration.
class Builder {
public:
    explicit Builder(const Environment& environment) : environment_(environment) {}

    void add(const Source& source) {
        auto before = static_cast<std::ptrdiff_t>(problems.size());
        auto document = read_toml(source.text, source.name, problems);
        std::set<std::string> unknown;
        for (const auto& table : document.sections)
            if (!is_section(table.section)) {
                unknown.insert(table.section);
                problems.push_back({table.place, unknown_section(table.section)});
            }
        for (auto& entry : document.entries)
            if (!unknown.contains(entry.section))
                add(std::move(entry));
        // Tables come in the order of their names; people read files from the top.
        std::stable_sort(problems.begin() + before, problems.end(),
                         [](const Problem& a, const Problem& b) {
                             return std::pair(a.place.line, a.place.column) <
                                    std::pair(b.place.line, b.place.column);
                         });
    }

    void add_flag(std::string_view flag, std::string_view section, std::string_view key,
                  Value value) {
        value.place = {std::string(flag), 0, 0};
        apply(*find_field(section, key), std::move(value));
    }

    Loaded loaded;
    std::vector<Problem> problems;

private:
    static bool is_section(std::string_view name) {
        return std::any_of(sections().begin(), sections().end(),
                           [&](const Section& section) { return section.name == name; });
    }

    static std::string unknown_section(std::string_view name) {
        std::vector<std::string_view> known;
        for (const auto& section : sections())
            known.push_back(section.name);
        return "unknown section [" + visible(name) + "]" + suggestion(name, known, "[", "]");
    }

    static std::string unknown_key(const Entry& entry) {
        std::vector<std::string_view> known;
        std::string homes;  // `[server] or [metrics]`
        for (const auto& field : fields()) {
            if (field.section == entry.section)
                known.push_back(field.key);
            if (field.key == entry.key)
                homes += (homes.empty() ? "[" : " or [") + std::string(field.section) + "]";
        }
        auto message = "unknown key '" + visible(entry.key) + "'" +
                       (entry.section.empty() ? " outside any section"
                                              : " in section [" + entry.section + "]");
        if (auto meant = suggestion(entry.key, known, "'", "'"); !meant.empty())
            return message + meant;
        return homes.empty() ? message : message + " (it belongs into " + homes + ")";
    }

    void add(Entry entry) {
        const auto* field = find_field(entry.section, entry.key);
        if (field == nullptr)
            problems.push_back({entry.place, unknown_key(entry)});
        else
            apply(*field, std::move(entry.value));
    }

    bool resolve_all(Value& value) {
        for (auto& item : value.list)
            if (!resolve_all(item))
                return false;
        if (value.kind != Value::Kind::text)
            return true;
        bool referred = false;
        auto text = resolve(value.text, environment_, referred);
        if (!text) {
            problems.push_back({value.place, text.error().message});
            return false;
        }
        if (referred)
            value.reference = value.text;
        value.text = std::move(*text);
        return true;
    }

    void apply(const Field& field, Value value) {
        if (!resolve_all(value))
            return;
        if (auto done = field.set(loaded.config, value); !done) {
            problems.push_back({value.place, field.name() + ": " + done.error().message});
            return;
        }
        auto reference = value.has_reference() ? value.written() : std::string();
        loaded.origins[field.name()] = {value.place, std::move(reference)};
    }

    const Environment& environment_;
};

Value text_value(std::string text) {
    Value value;
    value.kind = Value::Kind::text;
    value.text = std::move(text);
    return value;
}

std::string absolute(const std::string& path, const Environment& environment) {
    if (path.empty() || path.starts_with('/'))
        return path;
    return (std::filesystem::path(environment.folder) / path).lexically_normal().string();
}

void add_flags(Builder& builder, const Flags& flags, const Environment& environment) {
    if (flags.data_dir)
        builder.add_flag("--data-dir", "server", "data_dir",
                         text_value(absolute(*flags.data_dir, environment)));
    if (flags.socket)
        builder.add_flag("--socket", "server", "socket",
                         text_value(absolute(*flags.socket, environment)));
    if (flags.log_level)
        builder.add_flag("--log-level", "log", "level", text_value(*flags.log_level));
    if (flags.log_format)
        builder.add_flag("--log-format", "log", "format", text_value(*flags.log_format));
    if (flags.listen.empty())
        return;
    Value list;
    list.kind = Value::Kind::list;
    for (const auto& address : flags.listen)
        list.list.push_back(text_value(address));
    builder.add_flag("--listen", "server", "listen", std::move(list));
}

/// Fills in the places that depend on who started the daemon, and on each other.
void complete(Builder& builder, const Environment& environment) {
    auto instance = Instance::of(environment);
    auto& config = builder.loaded.config;
    if (config.server.data_dir.empty())
        config.server.data_dir = instance.data_dir;
    if (config.server.data_dir.empty())
        builder.problems.push_back(
            {{"server.data_dir", 0, 0}, "no state folder is known without $HOME: give --data-dir"});
    if (config.server.socket.empty())
        config.server.socket = instance.socket;
    if (config.server.socket.empty())
        config.server.socket = config.server.data_dir + "/oblivd.sock";
    if (config.storage.path.empty())
        config.storage.path = config.server.data_dir + "/oblivd.db";
    if (config.server.socket.size() > limits::socket_path_bytes)
        builder.problems.push_back({{"server.socket", 0, 0},
                                    "the path of a socket has at most " +
                                        std::to_string(limits::socket_path_bytes) +
                                        " bytes: " + config.server.socket});
}

Error failure(std::vector<Problem>& problems) {
    std::string message;
    for (const auto& problem : problems) {
        message += message.empty() ? "" : "\n";
        message += problem.place.text() + ": " + problem.message;
    }
    return fail(Code::config_invalid, std::move(message));
}

}  // namespace

Result<Loaded> load_texts(std::span<const Source> sources, const Flags& flags,
                          const Environment& environment) {
    Builder builder(environment);
    for (const auto& source : sources) {
        builder.loaded.files.push_back(source.name);
        builder.add(source);
    }
    add_flags(builder, flags, environment);
    complete(builder, environment);
    validate(builder.loaded, builder.problems);
    if (!builder.problems.empty())
        return failure(builder.problems);
    return std::move(builder.loaded);
}

Result<Loaded> load(const Flags& flags, const Environment& environment) {
    auto file =
        flags.config ? absolute(*flags.config, environment) : Instance::of(environment).config_file;
    std::vector<Source> sources;
    if (!file.empty()) {
        auto text = read_file(file, limits::config_bytes);
        if (text)
            sources.push_back({file, std::move(*text)});
        else if (flags.config || text.error().code != Code::not_found)
            return fail(Code::config_invalid, file + ": " + text.error().message);
        auto more = drop_ins(file);
        if (!more)
            return more.error();
        for (auto& name : *more) {
            auto part = read_file(name, limits::config_bytes);
            if (!part)
                return fail(Code::config_invalid, name + ": " + part.error().message);
            sources.push_back({std::move(name), std::move(*part)});
        }
    }
    return load_texts(sources, flags, environment);
}

std::vector<std::string> needs_restart(const Config& old_config, const Config& new_config) {
    std::vector<std::string> out;
    for (const auto& field : fields())
        if (field.applies == Applies::on_restart && !field.same(old_config, new_config))
            out.push_back(field.name());
    return out;
}

std::string print(const Loaded& loaded) {
    std::string out;
    std::string_view section;
    for (const auto& field : fields()) {
        if (field.section != section) {
            out += (out.empty() ? "[" : "\n[") + std::string(field.section) + "]\n";
            section = field.section;
        }
        auto origin = loaded.origins.find(field.name());
        bool given = origin != loaded.origins.end();
        out += std::string(field.key) + " = ";
        out += given && !origin->second.reference.empty() ? origin->second.reference
                                                          : field.show(loaded.config);
        out += "  # " + (given ? origin->second.place.text() : "default") + "\n";
    }
    return out;
}

}  // namespace obliv::config
