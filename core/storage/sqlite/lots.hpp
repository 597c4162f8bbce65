#pragma once

#include "core/ledger/lots.hpp"
#include "core/storage/sqlite/query.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace obliv::storage::sqlite {

/// Transfers with ids above `?1` up to `?2` that took money out of lots.
inline constexpr std::string_view out_of_lots_sql =
    "SELECT id, source, amount FROM transfer WHERE id > ?1 AND id <= ?2 AND kind IN (1, 3) AND "
    "source IN (SELECT account FROM lot) ORDER BY id";

/// Walks those transfers beside a walk over the charges, so that both are seen in order.
class OutOfLots {
public:
    struct Event {
        std::int64_t id = 0;
        AccountId account;
        Money amount;
    };
    OutOfLots(Connection& connection, ChargeId above, ChargeId limit);
    /// The next one before `id`; null: there is none.
    Result<const Event*> before(std::int64_t id);

private:
    Query query_;
    Event event_;
    bool has_event_ = false;
    bool ended_ = false;
};

/// What one fold takes out of lots. While nobody has money that expires it does nothing.
class LotFold {
public:
    LotFold(Connection& connection, ChargeId above, ChargeId limit);
    Result<void> begin();
    bool any() const noexcept { return transfers_ != nullptr; }  ///< there is money that expires
    /// A charge, in the order of ids.
    Result<void> charge(ChargeId id, AccountId account, Money cost);
    /// All up to `end` have been told: stores the lots. True: something was taken, or may have
    /// been.
    Result<bool> finish(ChargeId end);

private:
    Result<void> advance(std::int64_t end);
    Result<void> take(AccountId account, std::int64_t event, Money amount);

    Connection& connection_;
    ChargeId above_;
    ChargeId limit_;
    bool moved_ = false;
    std::unique_ptr<OutOfLots> transfers_;  // null: there are no lots
    std::unordered_map<AccountId, std::vector<ledger::Lot>> lots_;
};

/// The unspent ones of an account, in the order in which they are spent.
Result<std::vector<ledger::Lot>> open_lots(Connection& connection, AccountId account);

}  // namespace obliv::storage::sqlite
