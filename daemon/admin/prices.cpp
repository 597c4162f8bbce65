#include "core/base/time_format.hpp"
#include "core/llm/pattern.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/price_body.hpp"
#include "daemon/admin/render.hpp"

#include <algorithm>

namespace obliv::admin {
namespace {

using storage::PriceRow;
using storage::Session;

Result<std::string> model_of(const Request& request) {
    const auto& model = request.param("model");
    if (auto named = llm::check_model_name(model); !named) {
        auto error = named.error();
        error.param = "model";
        return error;
    }
    return model;
}

/// A price of the past would change nothing: what was charged stays charged.
Result<WallTime> start_of(const api::Body& body, WallTime now) {
    auto from = body.set("effective_from") ? body.time("effective_from") : now;
    if (from >= now)
        return from;
    auto error = fail(Code::invalid_request, "effective_from: expected a time to come, got " +
                                                 rfc3339(from) +
                                                 "; without it the price is in force at once");
    error.param = "effective_from";
    return error;
}

/// What has to be appended so that there is no such price from now on, nor one that lies ahead.
std::vector<PriceRow> removals(const std::vector<PriceRow>& history, const PriceRow& place,
                               WallTime now) {
    std::vector<PriceRow> rows;
    std::optional<WallTime> seen;
    // Newest first, and of one time the last word first.
    for (const auto& row : history) {
        if (!same_place(row, place) || row.effective_from == seen)
            continue;
        seen = row.effective_from;
        // Calls that were made at the old price keep naming its version.
        if (!row.removed) {
            rows.push_back(row);
            rows.back().removed = true;
            rows.back().effective_from = std::max(now, row.effective_from);
        }
        if (row.effective_from <= now)
            break;
    }
    return rows;
}

Error no_price(const PriceRow& place) {
    auto what = "the model '" + place.model + "' has no price";
    if (place.channel)
        what += " of its own on channel '" + place.channel_name + "'";
    if (!place.variant.empty())
        what += " for '" + place.variant + "'";
    return fail(Code::not_found, what);
}

/// The price that a request is about.
Result<PriceRow> place_of(Session& session, const Request& request, const std::string& model) {
    PriceRow place;
    place.model = model;
    auto read = read_place(session, request.query("channel").value_or(""),
                           request.query("variant").value_or(""), place);
    if (!read)
        return read.error();
    return place;
}

/// The part that was asked for of rows that are sorted as the page is.
Reply page_of(std::vector<PriceRow> prices, const storage::PageRequest& page,
              std::string_view list) {
    if (page.after != 0)
        std::erase_if(prices, [&](const PriceRow& row) {
            auto id = row.price.id.value;
            return page.descending ? id >= page.after : id <= page.after;
        });
    auto count = std::min(prices.size(), static_cast<std::size_t>(page.limit));
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < count; ++i)
        rows.push_back(price_json(prices[i]));
    std::optional<std::int64_t> next;
    if (count < prices.size())
        next = prices[count - 1].price.id.value;
    return Reply{200, list_json(rows, list, next)};
}

}  // namespace

Result<Reply> list_prices(const Request& request, Host& host) {
    auto page = request.page("prices");
    if (!page)
        return page.error();
    auto now = host.clock().wall();
    auto prices =
        host.database().read([&](Session& session) { return session.prices().current(now); });
    if (!prices)
        return prices.error();
    std::sort(prices->begin(), prices->end(),
              [](const PriceRow& a, const PriceRow& b) { return a.price.id < b.price.id; });
    return page_of(*std::move(prices), *page, "prices");
}

Result<Reply> get_price(const Request& request, Host& host) {
    auto model = model_of(request);
    if (!model)
        return model.error();
    auto now = host.clock().wall();
    auto found = host.database().read([&](Session& session) -> Result<PriceRow> {
        auto place = place_of(session, request, *model);
        if (!place)
            return place.error();
        auto prices = session.prices().current(now);
        if (!prices)
            return prices.error();
        const auto* row = find_place(*prices, *place);
        return row == nullptr ? Result<PriceRow>(no_price(*place)) : *row;
    });
    if (!found)
        return found.error();
    return Reply{200, price_json(*found)};
}

Result<Reply> price_history(const Request& request, Host& host) {
    auto page = request.page("history", true);
    if (!page)
        return page.error();
    auto model = model_of(request);
    if (!model)
        return model.error();
    auto history =
        host.database().read([&](Session& session) { return session.prices().history(*model); });
    if (!history)
        return history.error();
    if (history->empty())
        return fail(Code::not_found, "the model '" + *model + "' never had a price");
    return page_of(*std::move(history), *page, "history");
}

Result<Reply> set_price(const Request& request, Host& host) {
    auto model = model_of(request);
    if (!model)
        return model.error();
    auto body = request.body();
    if (!body)
        return body.error();
    auto price = price_of(*body);
    if (!price)
        return price.error();
    PriceRow row;
    row.price = *price;
    row.tenant = storage::first_tenant;
    row.model = *model;
    auto from = start_of(*body, host.clock().wall());
    if (!from)
        return from.error();
    row.effective_from = *from;
    auto stored = host.database().write([&](Session& session) -> Result<PriceId> {
        if (auto placed = read_place(session, *body, row); !placed)
            return placed.error();
        return session.prices().append(row);
    });
    if (!stored)
        return stored.error();
    row.price.id = *stored;
    if (auto published = host.publish_prices(); !published)
        return published.error();
    return Reply{200, price_json(row)};
}

Result<Reply> remove_price(const Request& request, Host& host) {
    auto model = model_of(request);
    if (!model)
        return model.error();
    auto now = host.clock().wall();
    auto stored = host.database().write([&](Session& session) -> Result<void> {
        auto place = place_of(session, request, *model);
        if (!place)
            return place.error();
        auto history = session.prices().history(*model);
        if (!history)
            return history.error();
        auto rows = removals(*history, *place, now);
        if (rows.empty())
            return no_price(*place);
        for (const auto& row : rows)
            if (auto appended = session.prices().append(row); !appended)
                return appended.error();
        return ok();
    });
    if (!stored)
        return stored.error();
    if (auto published = host.publish_prices(); !published)
        return published.error();
    return Reply{204};
}

}  // namespace obliv::admin
