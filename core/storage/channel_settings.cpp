#include "core/storage/channel_settings.hpp"

#include <nlohmann/json.hpp>

namespace obliv::storage {
namespace {

using Json = nlohmann::json;
using Place = llm::SystemPrompt::Place;

template <typename Enum>
Enum choice(const Json& json, const char* key, Enum last) {
    auto name = json.value(key, std::string());
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (name_of(static_cast<Enum>(i)) == name)
            return static_cast<Enum>(i);
    return Enum{};
}

std::map<std::string, std::string> texts(const Json& json, const char* key) {
    return json.value(key, std::map<std::string, std::string>{});
}

void put_text(Json& json, const char* key, const std::string& text) {
    if (!text.empty())
        json[key] = text;
}

void put_number(Json& json, const char* key, std::int64_t number) {
    if (number != 0)
        json[key] = number;
}

}  // namespace

std::string_view name_of(KeyPolicy policy) noexcept {
    switch (policy) {
    case KeyPolicy::failure_aware:
        return "failure_aware";
    case KeyPolicy::random:
        return "random";
    case KeyPolicy::round_robin:
        break;
    }
    return "round_robin";
}

std::string_view name_of(Check check) noexcept {
    switch (check) {
    case Check::models:
        return "models";
    case Check::chat:
        return "chat";
    case Check::none:
        break;
    }
    return "none";
}

std::string_view name_of(Losses losses) noexcept {
    return losses == Losses::drop ? "drop" : "refuse";
}

std::string settings_json(const ChannelSettings& settings) {
    Json json = Json::object();
    if (settings.key_policy != KeyPolicy{})
        json["key_policy"] = name_of(settings.key_policy);
    put_number(json, "key_requests_per_minute", settings.key_requests_per_minute);
    put_number(json, "requests_per_minute", settings.requests_per_minute);
    put_number(json, "concurrent_max", settings.concurrent_max);
    put_text(json, "cost_factor", settings.cost_factor);
    if (settings.check != Check{})
        json["check"] = name_of(settings.check);
    if (settings.losses != Losses{})
        json["losses"] = name_of(settings.losses);
    for (const auto& offer : settings.offers)
        json["offers"].push_back(Json{{"models", offer.models},
                                      {"abilities", offer.abilities},
                                      {"context_tokens", offer.context_tokens}});
    if (!settings.headers.empty())
        json["headers"] = settings.headers;
    put_text(json, "parameters", settings.parameters);
    if (!settings.status_map.empty())
        json["status_map"] = settings.status_map;
    put_text(json, "system_prompt", settings.system_prompt.text);
    if (settings.system_prompt.place != Place{})
        json["system_prompt_place"] = name_of(settings.system_prompt.place);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ChannelSettings> settings_from_json(std::string_view text) {
    auto json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        return fail(Code::corrupt, "the settings of a channel cannot be read");
    ChannelSettings out;
    try {
        out.key_policy = choice(json, "key_policy", KeyPolicy::round_robin);
        out.key_requests_per_minute = json.value("key_requests_per_minute", 0);
        out.requests_per_minute = json.value("requests_per_minute", 0);
        out.concurrent_max = json.value("concurrent_max", 0);
        out.cost_factor = json.value("cost_factor", std::string());
        out.check = choice(json, "check", Check::none);
        out.losses = choice(json, "losses", Losses::drop);
        for (const auto& offer : json.value("offers", Json::array()))
            out.offers.push_back({offer.value("models", std::string("*")),
                                  offer.value("abilities", std::vector<std::string>{}),
                                  offer.value("context_tokens", std::int64_t{0})});
        out.headers = texts(json, "headers");
        out.parameters = json.value("parameters", std::string());
        out.status_map = texts(json, "status_map");
        out.system_prompt.text = json.value("system_prompt", std::string());
        out.system_prompt.place = choice(json, "system_prompt_place", Place::replace);
    } catch (const Json::exception& problem) {
        return fail(Code::corrupt,
                    std::string("the settings of a channel cannot be read: ") + problem.what());
    }
    return out;
}

}  // namespace obliv::storage
