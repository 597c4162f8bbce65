#include "daemon/admin/price_body.hpp"

#include "daemon/admin/find.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>

namespace obliv::admin {
namespace {

using storage::PriceRow;

constexpr std::size_t tiers_max = 16;

Error refused(std::string_view field, const std::string& why) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + why);
    error.param = std::string(field);
    return error;
}

std::optional<Money> money_of(const api::Body& body, std::string_view field) {
    if (!body.set(field))
        return std::nullopt;
    return body.money(field);
}

struct UnitPrice {
    std::string_view field;
    Money llm::Price::*member;
};
constexpr std::array unit_prices{UnitPrice{"per_call", &llm::Price::per_call},
                                 UnitPrice{"per_image", &llm::Price::per_image},
                                 UnitPrice{"per_second", &llm::Price::per_second},
                                 UnitPrice{"per_character", &llm::Price::per_character},
                                 UnitPrice{"per_search", &llm::Price::per_search}};

/// From USD for one to USD for a million, the unit that every price is kept in.
Result<Money> per_million(const api::Body& body, std::string_view field) {
    std::int64_t nanos = 0;
    if (__builtin_mul_overflow(money_of(body, field).value_or(Money{}).nanos(),
                               std::int64_t{1'000'000}, &nanos))
        return refused(field, "more than 9223 USD for one is not possible");
    return Money::nanos(nanos);
}

void read_tokens(const api::Body& body, llm::TokenPrices& prices) {
    prices.input = body.money("input");
    prices.output = body.money("output");
    prices.cache_read = money_of(body, "cache_read");
    prices.cache_write_5m = money_of(body, "cache_write_5m");
    prices.cache_write_1h = money_of(body, "cache_write_1h");
    prices.audio_in = money_of(body, "audio_in");
    prices.image_in = money_of(body, "image_in");
    prices.reasoning = money_of(body, "reasoning");
    prices.audio_out = money_of(body, "audio_out");
}

Result<std::vector<llm::PriceTier>> tiers_of(const api::Body& body) {
    std::vector<llm::PriceTier> tiers;
    if (!body.set("tiers"))
        return tiers;
    for (const auto& each : body.objects("tiers")) {
        auto& tier = tiers.emplace_back();
        tier.above = each.integer("above");
        read_tokens(each, tier.prices);
        if (tiers.size() > 1 && tier.above <= tiers[tiers.size() - 2].above)
            return refused("tiers", "each begins above the one before it");
    }
    if (tiers.size() > tiers_max)
        return refused("tiers", "at most " + std::to_string(tiers_max) + " are possible");
    return tiers;
}

Result<std::int64_t> batch_of(const api::Body& body) {
    auto part = money_of(body, "batch").value_or(Money::dollars(1));
    if (part > Money::dollars(1) || part.nanos() % 1000 != 0)
        return refused("batch", "expected 0 to 1, with at most six decimals");
    return part.nanos() / 1000;
}

}  // namespace

Result<llm::Price> price_of(const api::Body& body) {
    llm::Price price;
    read_tokens(body, price);
    for (const auto& unit : unit_prices) {
        auto money = per_million(body, unit.field);
        if (!money)
            return money.error();
        price.*unit.member = *money;
    }
    auto batch = batch_of(body);
    if (!batch)
        return batch.error();
    price.batch_millionths = *batch;
    auto tiers = tiers_of(body);
    if (!tiers)
        return tiers.error();
    price.tiers = std::move(*tiers);
    return price;
}

Result<void> read_place(storage::Session& session, std::string_view channel,
                        std::string_view variant, PriceRow& row) {
    row.variant = variant;
    if (channel.empty())
        return ok();
    auto found = find_channel(session, channel);
    if (!found) {
        auto error = found.error();
        error.param = "channel";
        return error;
    }
    row.channel = found->id;
    row.channel_name = found->name;
    return ok();
}

Result<void> read_place(storage::Session& session, const api::Body& body, PriceRow& row) {
    auto text_of = [&](std::string_view field) {
        return body.set(field) ? body.text(field) : std::string();
    };
    return read_place(session, text_of("channel"), text_of("variant"), row);
}

bool same_place(const PriceRow& a, const PriceRow& b) noexcept {
    return std::tie(a.model, a.channel, a.variant) == std::tie(b.model, b.channel, b.variant);
}

const PriceRow* find_place(const std::vector<PriceRow>& rows, const PriceRow& place) noexcept {
    auto found = std::find_if(rows.begin(), rows.end(),
                              [&](const PriceRow& row) { return same_place(row, place); });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace obliv::admin
