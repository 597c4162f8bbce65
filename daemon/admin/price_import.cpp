#include "daemon/admin/price_body.hpp"
#include "daemon/admin/price_handlers.hpp"
#include "daemon/admin/render.hpp"

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace obliv::admin {
namespace {

using storage::PriceRow;
using storage::Session;

struct Change {
    std::optional<PriceRow> before;
    PriceRow after;
};
struct Imported {
    std::vector<Change> changes;
    std::int64_t unchanged = 0;
};

/// A price that is told twice could mean either.
Error told_twice(const std::string& model) {
    auto error = fail(Code::invalid_request, "the price of '" + model + "' is told twice");
    error.param = "prices";
    return error;
}

Result<std::vector<PriceRow>> rows_of(Session& session, const std::vector<api::Body>& bodies,
                                      WallTime now) {
    std::vector<PriceRow> rows;
    std::unordered_set<std::string> places;
    for (const auto& body : bodies) {
        auto in_row = [&](Error error) {
            return std::move(error).in("price " + std::to_string(rows.size() + 1) + ", of '" +
                                       body.text("model") + "'");
        };
        PriceRow row;
        row.tenant = storage::first_tenant;
        row.model = body.text("model");
        row.effective_from = now;
        auto price = price_of(body);
        if (!price)
            return in_row(std::move(price.error()));
        row.price = std::move(*price);
        if (auto placed = read_place(session, body, row); !placed)
            return in_row(std::move(placed.error()));
        if (!places.insert(row.model + "\n" + row.channel.text() + "\n" + row.variant).second)
            return told_twice(row.model);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// But for the version.
bool same_price(const llm::Price& a, llm::Price b) {
    b.id = a.id;
    return a == b;
}

/// What is in force already and what is to be, side by side.
Result<Imported> import_into(Session& session, const std::vector<api::Body>& bodies, bool dry_run,
                             WallTime now) {
    auto rows = rows_of(session, bodies, now);
    if (!rows)
        return rows.error();
    auto current = session.prices().current(now);
    if (!current)
        return current.error();
    Imported done;
    for (auto& row : *rows) {
        const auto* before = find_place(*current, row);
        bool known = before != nullptr;
        if (known && same_price(before->price, row.price)) {
            ++done.unchanged;
            continue;
        }
        if (!dry_run) {
            auto stored = session.prices().append(row);
            if (!stored)
                return stored.error();
            row.price.id = *stored;
        }
        done.changes.push_back({known ? std::optional(*before) : std::nullopt, std::move(row)});
    }
    return done;
}

std::string text_or_null(const std::string& text) {
    return text.empty() ? "null" : text_json(text);
}

std::string imported_json(const Imported& done, bool dry_run) {
    std::vector<std::string> rows;
    std::int64_t added = 0;
    for (const auto& change : done.changes) {
        added += change.before ? 0 : 1;
        rows.push_back("{\"model\":" + text_json(change.after.model) +
                       ",\"channel\":" + text_or_null(price_channel(change.after)) +
                       ",\"variant\":" + text_or_null(change.after.variant) + ",\"action\":\"" +
                       (change.before ? "changed" : "added") +
                       "\",\"before\":" + (change.before ? price_json(*change.before) : "null") +
                       ",\"after\":" + price_json(change.after) + "}");
    }
    auto changed = static_cast<std::int64_t>(done.changes.size()) - added;
    return "{\"added\":" + std::to_string(added) + ",\"changed\":" + std::to_string(changed) +
           ",\"unchanged\":" + std::to_string(done.unchanged) +
           ",\"dry_run\":" + (dry_run ? "true" : "false") + ",\"changes\":" + joined(rows) + "}";
}

}  // namespace

Result<Reply> import_prices(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    bool dry_run = body->has("dry_run") && body->boolean("dry_run");
    auto now = host.clock().wall();
    auto bodies = body->objects("prices");
    auto run = [&](Session& session) { return import_into(session, bodies, dry_run, now); };
    auto done = dry_run ? host.database().read(run) : host.database().write(run);
    if (!done)
        return done.error();
    if (!dry_run && !done->changes.empty())
        if (auto published = host.publish_prices(); !published)
            return published.error();
    return Reply{200, imported_json(*done, dry_run)};
}

}  // namespace obliv::admin
