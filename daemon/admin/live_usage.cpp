#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/live/counters.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using live::By;
using live::Tally;
using live::Window;
using storage::Session;

constexpr std::int64_t rows_usual = 10;
constexpr std::int64_t rows_most = 50;

struct WindowName {
    std::string_view name;
    Window window;
};
constexpr std::array window_names{
    WindowName{"1s", Window::second},
    WindowName{"5m", Window::five_minutes},
    WindowName{"1h", Window::hour},
    WindowName{"24h", Window::day},
};

struct ByName {
    std::string_view list;
    By by;
};
constexpr std::array by_names{
    ByName{"models", By::model},
    ByName{"channels", By::channel},
    ByName{"tokens", By::token},
    ByName{"users", By::user},
};

Json quantile(const Tally& tally, double share) {
    auto duration = tally.quantile(share);
    return duration ? Json(static_cast<double>(duration->count()) / 1000.0) : Json(nullptr);
}

Json figures(const Tally& tally) {
    auto rate = tally.requests == 0
                    ? 0.0
                    : static_cast<double>(tally.errors) / static_cast<double>(tally.requests);
    return Json{{"requests", tally.requests},
                {"errors", tally.errors},
                {"error_rate", rate},
                {"input_tokens", tally.input},
                {"output_tokens", tally.output},
                {"cost", tally.cost.text()},
                {"p50_ms", quantile(tally, 0.5)},
                {"p95_ms", quantile(tally, 0.95)},
                {"p99_ms", quantile(tally, 0.99)}};
}

/// What people call the thing with this id; null: it is gone, or has no name.
Json name_of(By by, const std::string& key, Session& session, const channels::ChannelTable& table) {
    if (by == By::model)
        return key;
    auto id = parse_int(key).value_or(0);
    if (by == By::channel) {
        const auto* entry = table.find(ChannelId{id});
        return entry == nullptr ? Json(nullptr) : Json(entry->channel.name);
    }
    if (by == By::token)
        if (auto token = session.tokens().get(TokenId{id}))
            return token->name;
    return nullptr;
}

Json rows_of(By by, const std::vector<live::Row>& rows, Session& session,
             const channels::ChannelTable& table) {
    Json out = Json::array();
    for (const auto& row : rows) {
        Json name(nullptr);
        if (!row.others)
            name = name_of(by, row.key, session, table);
        out.push_back(Json{{"key", row.others ? Json(nullptr) : Json(row.key)},
                           {"name", std::move(name)},
                           {"figures", figures(row.tally)}});
    }
    return out;
}

Result<std::vector<WindowName>> windows_of(const Request& request) {
    auto asked = request.query("window");
    std::vector<WindowName> out;
    for (const auto& each : window_names)
        if (!asked || *asked == each.name)
            out.push_back(each);
    if (!out.empty())
        return out;
    auto error = fail(Code::invalid_request, "window: expected 1s, 5m, 1h or 24h, got '" +
                                                 visible(asked->substr(0, 80)) + "'");
    error.param = "window";
    return error;
}

Result<std::size_t> rows_asked(const Request& request) {
    auto text = request.query("rows");
    auto rows = text ? parse_int(*text) : rows_usual;
    if (rows && *rows >= 0 && *rows <= rows_most)
        return static_cast<std::size_t>(*rows);
    auto error = fail(Code::invalid_request, "rows: expected a number up to 50");
    error.param = "rows";
    return error;
}

}  // namespace

Result<Reply> live_usage(const Request& request, Host& host) {
    auto windows = windows_of(request);
    if (!windows)
        return windows.error();
    auto rows = rows_asked(request);
    if (!rows)
        return rows.error();
    const auto& counters = host.live();
    Json minutes = Json::array();
    for (const auto& minute : counters.minutes())
        minutes.push_back(Json{{"requests", minute.requests}, {"errors", minute.errors}});
    Json views = Json::array();
    auto table = host.channels();
    auto named = host.database().read([&](Session& session) -> Result<void> {
        for (const auto& each : *windows) {
            auto view = counters.view(each.window, *rows);
            Json out{{"window", each.name}, {"total", figures(view.total)}};
            for (const auto& by : by_names)
                out[std::string(by.list)] =
                    rows_of(by.by, view.rows[static_cast<std::size_t>(by.by)], session, *table);
            views.push_back(std::move(out));
        }
        return ok();
    });
    if (!named)
        return named.error();
    Json out{{"time", rfc3339(host.clock().wall())},
             {"since", rfc3339(counters.since())},
             {"today", figures(counters.today())},
             {"minutes", std::move(minutes)},
             {"windows", std::move(views)}};
    return Reply{200, out.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace obliv::admin
