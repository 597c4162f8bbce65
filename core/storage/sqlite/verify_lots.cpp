#include "core/storage/sqlite/verify_lots.hpp"

#include <algorithm>

namespace obliv::storage::sqlite {

using ledger::Lot;

LotCheck::LotCheck(Connection& connection, ChargeId watermark)
    : connection_(connection), watermark_(watermark) {}

Result<void> LotCheck::begin() {
    Query query(connection_, "SELECT id, account, amount, left, expires_at FROM lot");
    for (;;) {
        auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            break;
        Lot lot;
        query.read(lot.id, lot.account, lot.amount, lot.left, lot.expires_at);
        stored_[lot.id] = lot.left;
        lot.left = lot.amount;
        lots_[lot.account].push_back(lot);
    }
    for (auto& [account, lots] : lots_)
        std::sort(lots.begin(), lots.end(), ledger::spent_before);
    if (!lots_.empty())
        transfers_ = std::make_unique<OutOfLots>(connection_, ChargeId{}, watermark_);
    return ok();
}

Result<void> LotCheck::charge(ChargeId id, AccountId account, Money cost) {
    if (!transfers_)
        return ok();
    if (auto done = advance(id.value); !done)
        return done;
    take(account, id.value, cost);
    return ok();
}

Result<void> LotCheck::advance(std::int64_t end) {
    for (;;) {
        auto event = transfers_->before(end);
        if (!event)
            return event.error();
        if (*event == nullptr)
            return ok();
        take((*event)->account, (*event)->id, (*event)->amount);
    }
}

void LotCheck::take(AccountId account, std::int64_t event, Money amount) {
    if (auto found = lots_.find(account); found != lots_.end())
        ledger::take_from(found->second, event, amount);
}

Result<void> LotCheck::finish(const Problem& problem) {
    if (!transfers_)
        return ok();
    if (auto done = advance(watermark_.value + 1); !done)
        return done;
    transfers_.reset();
    for (const auto& [account, lots] : lots_)
        for (const auto& lot : lots)
            if (auto stored = stored_[lot.id]; stored != lot.left)
                problem("of top-up " + std::to_string(lot.id) + ", which expires, " +
                        stored.text() + " is left, and what was spent leaves " + lot.left.text());
    return ok();
}

}  // namespace obliv::storage::sqlite
