#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"
#include "daemon/admin/usage_query.hpp"
#include "daemon/channels/cause.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using storage::Session;

std::string dumped(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A channel may have been removed meanwhile; its id still says which it was.
Json channel_name(const channels::ChannelTable& table, ChannelId id) {
    const auto* entry = table.find(id);
    return Json{{"id", id.text()},
                {"name", entry == nullptr ? "removed-" + id.text() : entry->channel.name}};
}

Json named(const Json& row) {
    return Json{{"id", std::to_string(row.value("channel", std::int64_t{0}))},
                {"name", row.value("name", "")}};
}

Json text_or_null(std::string text) {
    return text.empty() ? Json(nullptr) : Json(std::move(text));
}

Json candidates_of(const Json& record) {
    Json out = Json::array();
    for (const auto& row : record.value("candidates", Json::array()))
        out.push_back(Json{{"channel", named(row)},
                           {"priority", row.value("priority", 0)},
                           {"score", row.value("score", 0.0)}});
    return out;
}

Json excluded_of(const Json& record) {
    Json out = Json::array();
    for (const auto& row : record.value("excluded", Json::array()))
        out.push_back(Json{{"channel", named(row)}, {"reason", row.value("why", "")}});
    return out;
}

Json attempts_of(const Json& record) {
    Json out = Json::array();
    for (const auto& row : record.value("attempts", Json::array())) {
        auto status = row.value("status", 0);
        out.push_back(Json{{"channel", named(row)},
                           {"model", row.value("model", "")},
                           {"key_index", row.value("key", 0)},
                           {"status", status == 0 ? Json(nullptr) : Json(status)},
                           {"cause", row.value("cause", "")},
                           {"why", text_or_null(row.value("why", ""))},
                           {"bytes", row.value("bytes", std::int64_t{0})},
                           {"ms", row.value("ms", std::int64_t{0})},
                           {"wait_ms", row.value("wait_ms", std::int64_t{0})}});
    }
    return out;
}

/// The only channel that could serve a call that has no record.
Json plain_candidate(const storage::Call& call, const channels::ChannelTable& table) {
    if (!call.channel)
        return Json::array();
    const auto* entry = table.find(call.channel);
    return Json::array(
        {Json{{"channel", channel_name(table, call.channel)},
              {"priority", entry == nullptr ? Json(nullptr) : Json(entry->channel.priority)},
              {"score", 1.0}}});
}

/// The only attempt of a call that has no record.
Json plain_attempt(const storage::Call& call, const channels::ChannelTable& table) {
    if (!call.channel)
        return Json::array();
    bool left = call.error == info(Code::cancelled).name;
    auto cause = name_of(left ? channels::Cause::cancelled : channels::Cause::ok);
    Json attempt{{"channel", channel_name(table, call.channel)},
                 {"model", call.model_served},
                 {"key_index", call.key_index},
                 {"status", left ? Json(nullptr) : Json(call.status)},
                 {"cause", cause},
                 {"why", nullptr},
                 {"bytes", nullptr},
                 {"ms", call.duration_us / 1000},
                 {"wait_ms", 0}};
    return Json::array({std::move(attempt)});
}

}  // namespace

Result<Reply> get_request(const Request& request, Host& host) {
    std::string record;
    auto call = host.database().read([&](Session& session) -> Result<storage::Call> {
        auto row = session.usage().get(request.param("request_id"));
        if (!row)
            return row;
        auto stored = session.usage().record(row->id);
        if (!stored)
            return stored.error();
        record = std::move(*stored);
        return row;
    });
    if (!call)
        return call.error();
    auto told = record.empty() ? Json::object() : Json::parse(record, nullptr, false);
    if (!told.is_object())
        return fail(Code::corrupt, "the attempt record of this call cannot be read");
    auto table = host.channels();
    auto attempts = record.empty() ? plain_attempt(*call, *table) : attempts_of(told);
    auto candidates = record.empty() ? plain_candidate(*call, *table) : candidates_of(told);
    auto rest = dumped(Json{{"group", text_or_null(told.value("group", ""))},
                            {"candidates", std::move(candidates)},
                            {"excluded", excluded_of(told)},
                            {"attempts", std::move(attempts)}});
    return Reply{200, "{\"call\":" + call_json(*call) + "," + rest.substr(1)};
}

Result<Reply> report_attempts(const Request& request, Host& host) {
    using Groups = std::vector<storage::AttemptGroup>;
    auto now = host.clock().wall();
    auto groups = host.database().read([&](Session& session) -> Result<Groups> {
        auto filter = usage_filter(request, session, now);
        if (!filter)
            return filter.error();
        return session.usage().attempts(*filter);
    });
    if (!groups)
        return groups.error();
    auto table = host.channels();
    Json rows = Json::array();
    for (const auto& group : *groups)
        rows.push_back(Json{{"channel", channel_name(*table, group.channel)},
                            {"cause", group.cause},
                            {"attempts", group.attempts}});
    return Reply{200, dumped(Json{{"data", std::move(rows)}})};
}

}  // namespace obliv::admin
