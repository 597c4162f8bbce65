#pragma once

#include "core/storage/sqlite/lots.hpp"

#include <functional>
#include <string>

namespace obliv::storage::sqlite {

/// Spends every lot anew, from the charges and transfers up to the watermark, and compares.
class LotCheck {
public:
    using Problem = std::function<void(std::string)>;
    LotCheck(Connection& connection, ChargeId watermark);
    Result<void> begin();
    /// A charge up to the watermark, in the order of ids.
    Result<void> charge(ChargeId id, AccountId account, Money cost);
    Result<void> finish(const Problem& problem);

private:
    Result<void> advance(std::int64_t end);
    void take(AccountId account, std::int64_t event, Money amount);

    Connection& connection_;
    ChargeId watermark_;
    std::unique_ptr<OutOfLots> transfers_;
    std::unordered_map<AccountId, std::vector<ledger::Lot>> lots_;  // whole at first
    std::unordered_map<std::int64_t, Money> stored_;                // what is left, by lot
};

}  // namespace obliv::storage::sqlite
