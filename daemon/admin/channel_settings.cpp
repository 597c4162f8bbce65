#include "daemon/admin/channel_settings.hpp"

#include "core/base/text.hpp"
#include "core/llm/body_fields.hpp"
#include "core/llm/pattern.hpp"

#include <algorithm>
#include <array>

namespace obliv::admin {
namespace {

using storage::ChannelSettings;

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + std::move(message));
    error.param = field;
    return error;
}

template <typename Enum>
void apply_choice(const api::Body& body, std::string_view field, Enum last, Enum& value) {
    if (!body.set(field))
        return;
    auto name = body.text(field);
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (name_of(static_cast<Enum>(i)) == name)
            value = static_cast<Enum>(i);
}

void apply_limit(const api::Body& body, std::string_view field, int& value) {
    if (body.has(field))
        value = body.set(field) ? static_cast<int>(body.integer(field)) : 0;
}

Result<void> apply_offers(const api::Body& body, ChannelSettings& settings) {
    if (!body.has("offers"))
        return ok();
    settings.offers.clear();
    if (!body.set("offers"))
        return ok();
    for (const auto& each : body.objects("offers")) {
        storage::Offer offer;
        offer.models = each.text("models");
        if (auto pattern = llm::ModelPattern::parse(offer.models); !pattern)
            return at("offers", pattern.error().message);
        if (each.set("abilities"))
            offer.abilities = each.texts("abilities");
        if (each.set("context_tokens"))
            offer.context_tokens = each.integer("context_tokens");
        settings.offers.push_back(std::move(offer));
    }
    return ok();
}

bool is_token(std::string_view name) noexcept {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

/// What frames a request is not for anybody to set.
Result<void> check_headers(const std::map<std::string, std::string>& headers) {
    constexpr std::array<std::string_view, 8> framing{
        "host", "content-length",      "transfer-encoding", "connection",
        "te",   "proxy-authorization", "upgrade",           "accept-encoding"};
    for (const auto& [name, value] : headers) {
        if (!is_token(name))
            return at("headers", "'" + visible(name) + "' cannot be the name of a header");
        if (std::any_of(framing.begin(), framing.end(),
                        [&name = name](auto one) { return equal_ignoring_case(one, name); }))
            return at("headers", "'" + name + "' cannot be set");
        if (std::any_of(value.begin(), value.end(), [](char c) { return c < ' ' || c > '~'; }))
            return at("headers", "the value of '" + name + "' must be printable ASCII");
    }
    return ok();
}

Result<void> check_statuses(const std::map<std::string, std::string>& statuses) {
    for (const auto& [from, to] : statuses)
        for (const auto& status : {from, to})
            if (auto number = parse_int(status); !number || *number < 200 || *number > 599)
                return at("status_map", "expected statuses from 200 to 599, got '" +
                                            visible(status.substr(0, 20)) + "'");
    return ok();
}

void apply_pairs(const api::Body& body, std::string_view field,
                 std::map<std::string, std::string>& pairs) {
    if (body.has(field))
        pairs = body.set(field) ? body.pairs(field) : std::map<std::string, std::string>{};
}

void apply_texts(const api::Body& body, ChannelSettings& settings) {
    if (body.has("cost_factor"))
        settings.cost_factor = body.set("cost_factor") ? body.text("cost_factor") : "";
    if (body.has("parameters"))
        settings.parameters = body.set("parameters") ? body.json("parameters") : "";
    if (body.has("system_prompt"))
        settings.system_prompt.text = body.set("system_prompt") ? body.text("system_prompt") : "";
}

}  // namespace

Result<void> apply_settings(const api::Body& body, ChannelSettings& settings) {
    apply_choice(body, "key_policy", storage::KeyPolicy::round_robin, settings.key_policy);
    apply_choice(body, "check", storage::Check::none, settings.check);
    apply_choice(body, "losses", storage::Losses::drop, settings.losses);
    apply_choice(body, "system_prompt_place", llm::SystemPrompt::Place::replace,
                 settings.system_prompt.place);
    apply_limit(body, "key_requests_per_minute", settings.key_requests_per_minute);
    apply_limit(body, "requests_per_minute", settings.requests_per_minute);
    apply_limit(body, "concurrent_max", settings.concurrent_max);
    apply_texts(body, settings);
    apply_pairs(body, "headers", settings.headers);
    apply_pairs(body, "status_map", settings.status_map);
    if (auto good = apply_offers(body, settings); !good)
        return good;
    if (!settings.parameters.empty())
        if (auto changes = llm::parse_field_changes(settings.parameters); !changes)
            return at("parameters", changes.error().message);
    if (auto good = check_headers(settings.headers); !good)
        return good;
    return check_statuses(settings.status_map);
}

}  // namespace obliv::admin
