#include "core/storage/sqlite/fold.hpp"

#include "core/storage/sqlite/lots.hpp"
#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

Result<void> add_to_spent(Connection& connection, TokenId token, Money amount) {
    return Query(connection, "UPDATE token SET spent = spent + ? WHERE id = ?")
        .bind(amount, token)
        .run();
}

}  // namespace

void FoldSums::add(AccountId account, TokenId token, Money cost, Money loss) {
    parties_[{account, token}] += cost;
    cost_ += cost;
    loss_ += loss;
    ++rows_;
}

Result<void> FoldSums::store(Connection& connection, ChargeId watermark) const {
    std::unordered_map<AccountId, Money> accounts;
    for (const auto& [party, paid] : parties_) {
        accounts[party.account] += paid;
        if (auto done = add_to_spent(connection, party.token, paid); !done)
            return done;
    }
    for (const auto& [account, paid] : accounts)
        if (auto done = add_to_balance(connection, account, -paid); !done)
            return done;
    auto done = add_to_balance(connection, revenue_account, cost_ + loss_);
    if (done)
        done = add_to_balance(connection, loss_account, -loss_);
    if (!done)
        return done;
    return Query(connection, "UPDATE fold SET watermark = ?, charges = charges + ?, billed "
                             "= billed + ?")
        .bind(watermark.value, rows_, cost_ + loss_)
        .run();
}

Result<FoldStep> Fold::run(ChargeId limit, std::int64_t rows_max) {
    auto above = fold_watermark(connection_);
    if (!above)
        return above.error();
    LotFold lots(connection_, *above, limit);
    if (auto done = lots.begin(); !done)
        return done.error();
    // Beyond the limit there may be rows whose turn it is not yet, between those that are noted.
    const auto& noted = pending_.noted();
    if (lots.any() || !noted.knows_above(above->value) || noted.newest() > limit.value)
        return from_rows(*above, limit, rows_max, lots);
    return pending_.hand_over(above->value, [this](const FoldSums& sums, ChargeId watermark) {
        return sums.store(connection_, watermark);
    });
}

/// In one pass over the rows: SQLite would sort them once for each GROUP BY.
Result<FoldStep> Fold::from_rows(ChargeId above, ChargeId limit, std::int64_t rows_max,
                                 LotFold& lots) {
    FoldSums sums;
    FoldStep step{above, 0, false};
    ChargeId last = above;
    {
        Query query(connection_, "SELECT id, account, token, cost, loss FROM charge WHERE id > ? "
                                 "AND id <= ? ORDER BY id LIMIT ?");
        query.bind(above.value, limit.value, rows_max);
        for (;;) {
            auto more = query.step();
            if (!more)
                return more.error();
            if (!*more)
                break;
            AccountId account;
            TokenId token;
            Money cost;
            Money loss;
            query.read(last, account, token, cost, loss);
            sums.add(account, token, cost, loss);
            ++step.rows;
            if (auto done = lots.charge(last, account, cost); !done)
                return done.error();
        }
    }
    step.more = step.rows == rows_max;
    auto end = step.more ? last : limit;
    auto moved = lots.finish(end);
    if (!moved)
        return moved.error();
    if (step.rows > 0 || *moved) {
        step.watermark = *moved ? end : last;
        if (auto done = sums.store(connection_, step.watermark); !done)
            return done.error();
    }
    auto newest = newest_charge(connection_);
    if (!newest)
        return newest.error();
    pending_.restart(*newest);
    return step;
}

Result<std::int64_t> newest_charge(Connection& connection) {
    Query query(connection, "SELECT coalesce(max(id), 0) FROM charge");
    return read_one<std::int64_t>(query, "newest charge",
                                  [](Query& from, std::int64_t& row) { from.read(row); });
}

Result<ChargeId> fold_watermark(Connection& connection) {
    Query query(connection, "SELECT watermark FROM fold");
    return read_one<ChargeId>(query, "fold watermark",
                              [](Query& from, ChargeId& row) { from.read(row); });
}

Result<void> add_to_balance(Connection& connection, AccountId account, Money amount) {
    if (amount == Money{})
        return ok();
    auto done = Query(connection, "UPDATE account SET balance = balance + ? WHERE id = ?")
                    .bind(amount, account)
                    .run();
    return changed_one(connection, std::move(done), "account " + account.text());
}

}  // namespace obliv::storage::sqlite
