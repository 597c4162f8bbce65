#include "cli/settings/settings.hpp"

#include "cli/settings/trust.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::cli {
namespace {

Error at_place(Error error, const std::string& file, TextPlace place) {
    return std::move(error).in(place_text(file, place));
}

Result<void> check_entry(const TomlEntry& entry, const std::string& file) {
    const auto* key = find_key(entry.name);
    if (!key)
        return at_place(unknown_key(entry.name), file, entry.key_at);
    if (auto good = check_setting(*key, entry); !good)
        return at_place(good.error(), file, entry.value_at);
    return ok();
}

Result<void> check_tables(const TomlText& text, const std::string& file) {
    for (const auto& table : text.tables) {
        auto dots = std::count(table.name.begin(), table.name.end(), '.');
        bool known = table.name == "profile" || (table.name.starts_with("profile.") && dots == 1);
        if (known)
            continue;
        auto error = fail(Code::config_invalid, "there is no table [" + visible(table.name) + "]");
        error.hint = "profiles are written as [profile.NAME]";
        return at_place(std::move(error), file, table.at);
    }
    return ok();
}

}  // namespace

Result<void> check_settings_text(std::string_view text, const std::string& file) {
    auto parsed = read_toml_text(text, file);
    if (!parsed)
        return parsed.error();
    if (auto tables = check_tables(*parsed, file); !tables)
        return tables;
    for (const auto& entry : parsed->entries)
        if (auto good = check_entry(entry, file); !good)
            return good;
    return ok();
}

Settings Settings::built_in() {
    Settings settings;
    for (const auto& key : all_keys())
        if (!key.fallback.empty())
            settings.values_[std::string(key.name)] = {
                std::string(key.fallback), {}, Layer::built_in, "built-in"};
    return settings;
}

Result<Settings> Settings::load(const SettingSources& sources, const Environment& environment) {
    auto settings = built_in();
    bool own_file = sources.user_file.empty();
    const auto& user = own_file ? sources.paths.user_config : sources.user_file;
    if (auto read = settings.read_file(sources.paths.system_config, Layer::system, false, sources);
        !read)
        return read.error();
    if (auto read = settings.read_file(user, Layer::user, !own_file, sources); !read)
        return read.error();
    if (!sources.no_project)
        settings.project_file_ = find_project_file(sources.directory, sources.paths.home);
    if (auto read = settings.read_file(settings.project_file_, Layer::project, false, sources);
        !read)
        return read.error();
    settings.read_variables(environment);
    // `profile` itself is the table of profiles, so the choice among them has another name.
    for (const auto& [name, value] : sources.flags)
        settings.values_[name == "profile" ? "default_profile" : name] = {
            value, {}, Layer::flag, "--" + name};
    if (auto chosen = settings.choose_profile(); !chosen)
        return chosen.error();
    return settings;
}

Result<void> Settings::read_file(const std::string& file, Layer layer, bool must_exist,
                                 const SettingSources& sources) {
    if (file.empty())
        return ok();
    auto text = read_text_file(file);
    if (!text) {
        if (text.error().code == Code::not_found && !must_exist)
            return ok();
        auto error = text.error();
        error.code = Code::config_invalid;
        return error;
    }
    if (auto good = check_settings_text(*text, file); !good)
        return good;
    files_.push_back(file);
    bool trusted = layer != Layer::project || is_trusted(sources.paths, file, *text);
    auto parsed = read_toml_text(*text, file);
    if (!parsed)
        return parsed.error();
    for (const auto& entry : parsed->entries)
        if (auto taken = take(entry, layer, file, trusted); !taken)
            return taken;
    return ok();
}

Result<void> Settings::take(const TomlEntry& entry, Layer layer, const std::string& file,
                            bool trusted) {
    const auto* key = find_key(entry.name);
    check(key != nullptr, "entries are taken only after their file was checked");
    if (!trusted && (!key->in_project || entry.name != key->name)) {
        warnings_.push_back(place_text(file, entry.key_at) + ": '" + entry.name +
                            "' is ignored until `obliv config trust`");
        return ok();
    }
    values_[entry.name] = {entry.text, entry.list, layer, place_text(file, entry.value_at)};
    return ok();
}

void Settings::read_variables(const Environment& environment) {
    for (const auto& key : all_keys()) {
        if (key.variable.empty())
            continue;
        auto value = environment(std::string(key.variable).c_str());
        if (value.empty())
            continue;
        if (key.type == Key::Type::boolean)
            value = value == "0" || value == "false" ? "false" : "true";
        values_[std::string(key.name)] = {value, {}, Layer::variable, std::string(key.variable)};
    }
}

Result<void> Settings::choose_profile() {
    auto chosen = values_.find("default_profile");
    if (chosen == values_.end() || chosen->second.text.empty())
        return ok();
    profile_ = chosen->second.text;
    auto prefix = "profile." + profile_ + ".";
    auto first = values_.lower_bound(prefix);
    if (first != values_.end() && first->first.starts_with(prefix))
        return ok();
    auto error =
        fail(chosen->second.layer == Layer::flag ? Code::usage : Code::config_invalid,
             "there is no profile '" + visible(profile_) + "' (" + chosen->second.origin + ")");
    error.hint = "make it with `obliv config set profile." + visible(profile_) + ".server URL`";
    return error;
}

const Setting* Settings::find(std::string_view key) const {
    auto general = values_.find(key);
    const auto* best = general == values_.end() ? nullptr : &general->second;
    // A flag or a variable was meant for this run, whatever the profile says.
    if (profile_.empty() || (best && best->layer >= Layer::variable))
        return best;
    auto own = values_.find("profile." + profile_ + "." + std::string(key));
    return own == values_.end() ? best : &own->second;
}

std::string Settings::text(std::string_view key) const {
    const auto* setting = find(key);
    return setting ? setting->text : std::string();
}

}  // namespace obliv::cli
