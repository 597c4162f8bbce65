#include "core/storage/sqlite/lots.hpp"

#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {

using ledger::Lot;

OutOfLots::OutOfLots(Connection& connection, ChargeId above, ChargeId limit)
    : query_(connection, out_of_lots_sql) {
    query_.bind(above.value, limit.value);
}

Result<const OutOfLots::Event*> OutOfLots::before(std::int64_t id) {
    if (!has_event_ && !ended_) {
        auto row = query_.step();
        if (!row)
            return row.error();
        ended_ = !*row;
        has_event_ = *row;
        if (*row)
            query_.read(event_.id, event_.account, event_.amount);
    }
    if (!has_event_ || event_.id >= id)
        return static_cast<const Event*>(nullptr);
    has_event_ = false;
    return static_cast<const Event*>(&event_);
}

Result<std::vector<Lot>> open_lots(Connection& connection, AccountId account) {
    Query query(connection, "SELECT id, account, amount, left, expires_at FROM lot WHERE account = "
                            "? AND left > 0 ORDER BY expires_at, id");
    query.bind(account);
    return read_all<Lot>(query, [](Query& from, Lot& lot) {
        from.read(lot.id, lot.account, lot.amount, lot.left, lot.expires_at);
    });
}

LotFold::LotFold(Connection& connection, ChargeId above, ChargeId limit)
    : connection_(connection), above_(above), limit_(limit) {}

Result<void> LotFold::begin() {
    Query query(connection_, "SELECT 1 FROM lot WHERE left > 0 LIMIT 1");
    auto any = query.step();
    if (!any)
        return any.error();
    if (*any)
        transfers_ = std::make_unique<OutOfLots>(connection_, above_, limit_);
    return ok();
}

Result<void> LotFold::charge(ChargeId id, AccountId account, Money cost) {
    if (!transfers_)
        return ok();
    if (auto done = advance(id.value); !done)
        return done;
    return take(account, id.value, cost);
}

Result<void> LotFold::advance(std::int64_t end) {
    for (;;) {
        auto event = transfers_->before(end);
        if (!event)
            return event.error();
        if (*event == nullptr)
            return ok();
        moved_ = true;
        if (auto done = take((*event)->account, (*event)->id, (*event)->amount); !done)
            return done;
    }
}

Result<void> LotFold::take(AccountId account, std::int64_t event, Money amount) {
    auto [place, is_new] = lots_.try_emplace(account);
    if (is_new) {
        auto rows = open_lots(connection_, account);
        if (!rows)
            return rows.error();
        place->second = std::move(*rows);
    }
    ledger::take_from(place->second, event, amount);
    return ok();
}

Result<bool> LotFold::finish(ChargeId end) {
    if (!transfers_)
        return false;
    if (auto done = advance(end.value + 1); !done)
        return done.error();
    transfers_.reset();
    for (const auto& [account, lots] : lots_)
        for (const auto& lot : lots) {
            auto done = Query(connection_, "UPDATE lot SET left = ? WHERE id = ? AND left <> ?")
                            .bind(lot.left, lot.id, lot.left)
                            .run();
            if (!done)
                return done.error();
        }
    return moved_;
}

Result<std::vector<Lot>> SqliteLedger::lots(AccountId account) {
    return open_lots(context_.connection, account);
}

Result<Money> SqliteLedger::leaving(AccountId account) {
    Query query(context_.connection,
                "SELECT coalesce(sum(amount), 0) FROM transfer WHERE id > (SELECT watermark FROM "
                "fold) AND source = ? AND kind IN (1, 3)");
    query.bind(account);
    return read_one<Money>(query, "sum", [](Query& from, Money& sum) { from.read(sum); });
}

Result<std::vector<AccountId>> SqliteLedger::expired(WallTime now, AccountId after, int count_max) {
    Query query(context_.connection, "SELECT DISTINCT account FROM lot WHERE left > 0 AND account "
                                     "> ? AND expires_at <= ? ORDER BY account LIMIT ?");
    query.bind(after.value, now, count_max);
    return read_all<AccountId>(query, [](Query& from, AccountId& id) { from.read(id); });
}

}  // namespace obliv::storage::sqlite
