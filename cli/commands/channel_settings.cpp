#include "cli/commands/channel_settings.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace obliv::cli {
namespace {

Error bad(std::string_view flag, std::string_view expected, const std::string& got) {
    return fail(Code::usage, "--" + std::string(flag) + ": expected " + std::string(expected) +
                                 ", got '" + visible(got) + "'");
}

/// `LEFT=RIGHT` flags as an object of texts.
Result<void> add_pairs(const Values& values, const char* flag, const char* field, Json& body) {
    for (const auto& pair : values.all(flag)) {
        auto equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return bad(flag, "LEFT=RIGHT", pair);
        body[field][pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    return ok();
}

/// `PATTERN=stream,tools,context:8192`.
Result<void> add_offers(const Values& values, Json& body) {
    constexpr std::string_view context = "context:";
    for (const auto& text : values.all("offer")) {
        // A regular expression may hold an equals sign; a list of abilities does not.
        auto equals = text.rfind('=');
        if (equals == 0 || equals == std::string::npos)
            return bad("offer", "PATTERN=ABILITY,ABILITY", text);
        Json offer{{"models", text.substr(0, equals)}, {"abilities", Json::array()}};
        for (auto word : split(std::string_view(text).substr(equals + 1), ',')) {
            auto length = word.starts_with(context) ? parse_int(word.substr(context.size()))
                                                    : std::optional<std::int64_t>();
            if (word.starts_with(context) && !length)
                return bad("offer", "context:TOKENS", std::string(word));
            if (length)
                offer["context_tokens"] = *length;
            else if (!word.empty())
                offer["abilities"].push_back(std::string(word));
        }
        body["offers"].push_back(std::move(offer));
    }
    return ok();
}

}  // namespace

std::vector<Flag> channel_setting_flags() {
    return {
        {.name = "key-policy",
         .value = "POLICY",
         .help = "Which of its keys is used",
         .choices = {"failure_aware", "random", "round_robin"}},
        {.name = "key-rpm",
         .value = "N",
         .help = "Calls a minute with each key; 0: no limit",
         .kind = Kind::count},
        {.name = "rpm", .value = "N", .help = "Calls a minute; 0: no limit", .kind = Kind::count},
        {.name = "concurrent",
         .value = "N",
         .help = "Calls at once; 0: no limit",
         .kind = Kind::count},
        {.name = "cost-factor",
         .value = "F",
         .help = "What it costs, as a factor of the prices: for the strategy lowest_price",
         .kind = Kind::decimal},
        {.name = "check",
         .value = "WHAT",
         .help = "What the health checks ask it",
         .choices = {"models", "chat", "none"}},
        {.name = "losses",
         .value = "WHAT",
         .help = "What of a request its format cannot say: refuse the request, or drop that",
         .choices = {"refuse", "drop"}},
        {.name = "offer",
         .value = "PATTERN=A,B",
         .help = "What it can do for some models: stream, tools, vision, audio, files, "
                 "json_object, json_schema, reasoning, choices, context:TOKENS",
         .repeats = true},
        {.name = "header",
         .value = "NAME=VALUE",
         .help = "Send this header to it; an empty value leaves one of ours out",
         .repeats = true},
        {.name = "parameters",
         .value = "JSON",
         .help = "Fields to set in every request; null takes one out"},
        {.name = "map-status",
         .value = "FROM=TO",
         .help = "Take its status FROM for TO",
         .repeats = true},
        {.name = "system-prompt",
         .value = "TEXT",
         .help = "Tell its models this besides the caller's words; an empty text: nothing"},
        {.name = "system-prompt-place",
         .value = "WHERE",
         .help = "Where that goes among the caller's own system prompts",
         .choices = {"prepend", "append", "when_absent", "replace"}}};
}

Result<void> add_channel_settings(const Values& values, Json& body) {
    for (auto [flag, field] :
         {std::pair{"key-rpm", "key_requests_per_minute"}, std::pair{"rpm", "requests_per_minute"},
          std::pair{"concurrent", "concurrent_max"}})
        if (auto count = values.count(flag))
            body[field] = *count;
    for (auto [flag, field] :
         {std::pair{"key-policy", "key_policy"}, std::pair{"check", "check"},
          std::pair{"losses", "losses"}, std::pair{"cost-factor", "cost_factor"},
          std::pair{"system-prompt-place", "system_prompt_place"}})
        if (auto text = values.text(flag))
            body[field] = *text;
    if (auto text = values.text("system-prompt"))
        body["system_prompt"] = text->empty() ? Json(nullptr) : Json(*text);
    if (auto text = values.text("parameters")) {
        auto object = Json::parse(*text, nullptr, false);
        if (!object.is_object())
            return bad("parameters", "a JSON object", *text);
        body["parameters"] = std::move(object);
    }
    if (auto added = add_pairs(values, "header", "headers", body); !added)
        return added;
    if (auto added = add_pairs(values, "map-status", "status_map", body); !added)
        return added;
    return add_offers(values, body);
}

}  // namespace obliv::cli
