#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

std::string select(std::string_view rest) {
    return "SELECT " + std::string(price_columns) + ", tenant, model, effective_from, removed " +
           std::string(rest);
}

void read_row(Query& query, PriceRow& row) {
    read_price(query, row.price);
    query.read(row.tenant, row.model, row.effective_from, row.removed);
}

}  // namespace

void read_price(Query& query, llm::Price& price) {
    query.read(price.id, price.input, price.output, price.cache_read, price.cache_write_5m,
               price.cache_write_1h, price.audio_in, price.image_in, price.reasoning,
               price.audio_out, price.per_call, price.per_image, price.per_second,
               price.per_character);
}

Result<std::vector<PriceRow>> SqlitePrices::current(WallTime now) {
    // Of versions with the same time the later one counts: it was meant to correct the other.
    Query query(context_.connection,
                select("FROM (SELECT *, row_number() OVER (PARTITION BY model ORDER BY "
                       "effective_from DESC, id DESC) AS place FROM price WHERE effective_from <= "
                       "?) WHERE place = 1 AND removed = 0 ORDER BY model"));
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
                select("FROM price WHERE model = ? ORDER BY effective_from DESC, id DESC"));
    query.bind(model);
    return read_all<PriceRow>(query, read_row);
}

Result<PriceRow> SqlitePrices::get(PriceId id) {
    Query query(context_.connection, select("FROM price WHERE id = ?"));
    query.bind(id);
    return read_one<PriceRow>(query, "price version " + id.text(), read_row);
}

Result<PriceId> SqlitePrices::append(const PriceRow& row) {
    const auto& price = row.price;
    Query query(context_.connection,
                "INSERT INTO price (tenant, model, effective_from, removed, input, output, "
                "cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, reasoning, "
                "audio_out, per_call, per_image, per_second, per_character) VALUES "
                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto done =
        query
            .bind(row.tenant, row.model, row.effective_from, row.removed, price.input, price.output,
                  price.cache_read, price.cache_write_5m, price.cache_write_1h, price.audio_in,
                  price.image_in, price.reasoning, price.audio_out, price.per_call, price.per_image,
                  price.per_second, price.per_character)
            .run();
    if (!done)
        return done.error();
    return PriceId{context_.connection.last_id()};
}

}  // namespace obliv::storage::sqlite
