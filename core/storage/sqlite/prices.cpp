#include "core/storage/sqlite/stores.hpp"

#include <charconv>

namespace obliv::storage::sqlite {
namespace {

std::string select(std::string_view rest) {
    return "SELECT " + std::string(price_columns) +
           ", tenant, model, effective_from, removed, channel, variant, coalesce((SELECT name FROM "
           "channel WHERE id = p.channel), '') " +
           std::string(rest);
}

void read_row(Query& query, PriceRow& row) {
    read_price(query, row.price);
    query.read(row.tenant, row.model, row.effective_from, row.removed, row.channel.value,
               row.variant, row.channel_name);
}

constexpr std::optional<Money> llm::TokenPrices::*parts[] = {
    &llm::TokenPrices::cache_read,     &llm::TokenPrices::cache_write_5m,
    &llm::TokenPrices::cache_write_1h, &llm::TokenPrices::audio_in,
    &llm::TokenPrices::image_in,       &llm::TokenPrices::reasoning,
    &llm::TokenPrices::audio_out};

/// A line for each: its limit, input, output, and the parts, with a `-` for one that has no price.
std::string tiers_text(const std::vector<llm::PriceTier>& tiers) {
    std::string text;
    for (const auto& tier : tiers) {
        text += std::to_string(tier.above) + " " + std::to_string(tier.prices.input.nanos()) + " " +
                std::to_string(tier.prices.output.nanos());
        for (auto part : parts) {
            const auto& price = tier.prices.*part;
            text += " " + (price ? std::to_string(price->nanos()) : std::string("-"));
        }
        text += "\n";
    }
    return text;
}

/// The next figure of a line, which goes; nothing: a dash, or the end.
std::optional<std::int64_t> take_figure(std::string_view& line) {
    auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    std::int64_t figure = 0;
    auto read = std::from_chars(word.data(), word.data() + word.size(), figure);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size())
        return std::nullopt;
    return figure;
}

std::vector<llm::PriceTier> tiers_of(std::string_view text) {
    std::vector<llm::PriceTier> tiers;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        auto& tier = tiers.emplace_back();
        tier.above = take_figure(line).value_or(0);
        tier.prices.input = Money::nanos(take_figure(line).value_or(0));
        tier.prices.output = Money::nanos(take_figure(line).value_or(0));
        for (auto part : parts)
            if (auto figure = take_figure(line))
                tier.prices.*part = Money::nanos(*figure);
    }
    return tiers;
}

}  // namespace

void read_price(Query& query, llm::Price& price) {
    std::string tiers;
    query.read(price.id, price.input, price.output, price.cache_read, price.cache_write_5m,
               price.cache_write_1h, price.audio_in, price.image_in, price.reasoning,
               price.audio_out, price.per_call, price.per_image, price.per_second,
               price.per_character, price.per_search, price.batch_millionths, tiers);
    price.tiers = tiers_of(tiers);
}

Result<std::vector<PriceRow>> SqlitePrices::current(WallTime now) {
    // Of versions with the same time the later one counts: it was meant to correct the other.
    Query query(context_.connection,
                select("FROM (SELECT *, row_number() OVER (PARTITION BY model, channel, variant "
                       "ORDER BY effective_from DESC, id DESC) AS place FROM price WHERE "
                       "effective_from <= ?) p WHERE place = 1 AND removed = 0 AND NOT EXISTS "
                       "(SELECT 1 FROM channel gone WHERE gone.id = p.channel AND "
                       "gone.removed_at IS NOT NULL) ORDER BY model, channel, variant"));
    query.bind(now);
    return read_all<PriceRow>(query, read_row);
}

Result<std::optional<WallTime>> SqlitePrices::next_change(WallTime now) {
    Query query(context_.connection,
                "SELECT effective_from FROM price WHERE effective_from > ? ORDER BY effective_from "
                "LIMIT 1");
    query.bind(now);
    auto row = query.step();
    if (!row)
        return row.error();
    std::optional<WallTime> next;
    if (*row)
        query.read(next.emplace());
    return next;
}

Result<std::vector<PriceRow>> SqlitePrices::history(std::string_view model) {
    Query query(context_.connection,
                select("FROM price p WHERE model = ? ORDER BY effective_from DESC, id DESC"));
    query.bind(model);
    return read_all<PriceRow>(query, read_row);
}

Result<PriceRow> SqlitePrices::get(PriceId id) {
    Query query(context_.connection, select("FROM price p WHERE id = ?"));
    query.bind(id);
    return read_one<PriceRow>(query, "price version " + id.text(), read_row);
}

Result<PriceId> SqlitePrices::append(const PriceRow& row) {
    const auto& price = row.price;
    auto tiers = tiers_text(price.tiers);
    Query query(
        context_.connection,
        "INSERT INTO price (tenant, model, effective_from, removed, input, output, "
        "cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, reasoning, "
        "audio_out, per_call, per_image, per_second, per_character, per_search, batch, "
        "tiers, channel, variant) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?)");
    auto done =
        query
            .bind(row.tenant, row.model, row.effective_from, row.removed, price.input, price.output,
                  price.cache_read, price.cache_write_5m, price.cache_write_1h, price.audio_in,
                  price.image_in, price.reasoning, price.audio_out, price.per_call, price.per_image,
                  price.per_second, price.per_character, price.per_search, price.batch_millionths,
                  tiers, row.channel.value, row.variant)
            .run();
    if (!done)
        return done.error();
    return PriceId{context_.connection.last_id()};
}

}  // namespace obliv::storage::sqlite
