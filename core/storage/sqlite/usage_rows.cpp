#include "core/storage/sqlite/usage_rows.hpp"

namespace obliv::storage::sqlite {

Result<void> UsageRows::open(Connection& connection, const std::vector<MonthRow>& months) {
    for (const auto& month : months) {
        if (month.gone)
            continue;
        auto& table = tables_.emplace_back();
        table.query =
            std::make_unique<Query>(connection, "SELECT " + std::string(columns) + " FROM " +
                                                    month_source(month.month) + " ORDER BY id");
    }
    for (auto& table : tables_)
        if (auto done = advance(table); !done)
            return done;
    return ok();
}

Result<void> UsageRows::advance(Table& table) {
    auto row = table.query->step();
    if (!row)
        return row.error();
    table.there = *row;
    if (!*row)
        return ok();
    auto& call = table.head;
    auto& usage = call.usage;
    table.query->read(call.id, call.account, call.token, call.price, call.held, call.cost,
                      call.loss, call.source, usage.input, usage.cache_read, usage.cache_write_5m,
                      usage.cache_write_1h, usage.audio_in, usage.image_in, usage.output,
                      usage.reasoning, usage.audio_out, usage.images, usage.seconds,
                      usage.characters, usage.searches, call.share);
    return ok();
}

Result<const Call*> UsageRows::next() {
    if (given_)
        if (auto done = advance(*given_); !done)
            return done.error();
    given_ = nullptr;
    for (auto& table : tables_)
        if (table.there && (!given_ || table.head.id < given_->head.id))
            given_ = &table;
    return given_ ? &given_->head : nullptr;
}

}  // namespace obliv::storage::sqlite
