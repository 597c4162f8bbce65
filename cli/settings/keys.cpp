#include "cli/settings/keys.hpp"

#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <algorithm>

namespace obliv::cli {
namespace {

constexpr std::string_view profile_prefix = "profile.";

/// `server` of `profile.work.server`; the name itself when it is not a profile's.
std::string_view base_name(std::string_view name, bool& in_profile) {
    in_profile = false;
    if (!name.starts_with(profile_prefix))
        return name;
    auto dot = name.find('.', profile_prefix.size());
    if (dot == std::string_view::npos || dot == profile_prefix.size())
        return name;
    in_profile = true;
    return name.substr(dot + 1);
}

Error wrong(const Key& key, std::string_view expected) {
    return fail(Code::config_invalid,
                std::string(key.name) + ": expected " + std::string(expected));
}

Result<void> check_text(const Key& key, const TomlEntry& entry) {
    if (entry.type != TomlEntry::Type::text)
        return wrong(key, "a text in quotes");
    if (key.choices.empty() ||
        std::find(key.choices.begin(), key.choices.end(), entry.text) != key.choices.end())
        return ok();
    std::string expected = "one of";
    for (auto choice : key.choices)
        expected += " " + std::string(choice);
    return wrong(key, expected + ", got '" + visible(entry.text) + "'");
}

}  // namespace

std::span<const Key> all_keys() {
    using enum Key::Type;
    static const std::vector<Key> keys{
        {"default_profile", text, "The profile in use when --profile names none", "",
         "OBLIV_PROFILE", false, false},
        {"server", text, "The server to call", "", "OBLIV_SERVER", true, false},
        {"api",
         text,
         "Wire format that ask and chat speak",
         "openai",
         "",
         true,
         false,
         {"openai", "anthropic", "gemini"}},
        {"model", text, "The model of ask and chat", "", "OBLIV_MODEL", true, true},
        {"system", text, "The system prompt of ask and chat", "", "", true, true},
        {"timeout", duration, "Time budget of a command", "", "", true, false},
        {"key_file", text, "A file (0600) that holds the key", "", "", true, false},
        {"key_command", list, "A program and its arguments that print the key", "", "", true,
         false},
        {"color",
         text,
         "Colour in what is written",
         "auto",
         "",
         false,
         true,
         {"auto", "always", "never"}},
        {"format",
         text,
         "How lists are written",
         "auto",
         "",
         false,
         true,
         {"auto", "table", "plain", "csv"}},
        {"pager", text, "Shows long text on a terminal; empty for none", "", "OBLIV_PAGER", false,
         false},
        {"no_input", boolean, "Never ask", "false", "OBLIV_NO_INPUT", false, false},
    };
    return keys;
}

const Key* find_key(std::string_view name) {
    bool in_profile = false;
    auto base = base_name(name, in_profile);
    for (const auto& key : all_keys())
        if (key.name == base && (!in_profile || key.in_profile))
            return &key;
    return nullptr;
}

Error unknown_key(std::string_view name) {
    bool in_profile = false;
    auto base = base_name(name, in_profile);
    auto error = fail(Code::config_invalid, "there is no setting '" + visible(name) + "'");
    std::vector<std::string_view> names;
    for (const auto& key : all_keys())
        if (!in_profile || key.in_profile)
            names.push_back(key.name);
    if (auto near = did_you_mean(base, names))
        error.hint = "did you mean '" + std::string(name.substr(0, name.size() - base.size())) +
                     std::string(*near) + "'?";
    else
        error.hint = "`obliv config list` shows all settings";
    return error;
}

Result<void> check_setting(const Key& key, const TomlEntry& entry) {
    using enum Key::Type;
    switch (key.type) {
    case list:
        if (entry.type != TomlEntry::Type::list || entry.list.empty())
            return wrong(key, "a list of texts, as in [\"pass\", \"show\", \"oblivious\"]");
        return ok();
    case boolean:
        if (entry.type != TomlEntry::Type::boolean)
            return wrong(key, "true or false");
        return ok();
    case duration:
        if (entry.type != TomlEntry::Type::text || !parse_duration(entry.text))
            return wrong(key, "a duration such as \"30s\" or \"5m\"");
        return ok();
    case text:
        break;
    }
    return check_text(key, entry);
}

}  // namespace obliv::cli
