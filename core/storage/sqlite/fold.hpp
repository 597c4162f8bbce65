#pragma once

#include "core/storage/ledger.hpp"
#include "core/storage/sqlite/noted.hpp"
#include "core/storage/sqlite/query.hpp"

#include <span>
#include <unordered_map>

namespace obliv::storage::sqlite {

class LotFold;

/// What a run of charges adds up to.
class FoldSums {
public:
    void add(AccountId account, TokenId token, Money cost, Money loss);
    void add(const Call& call) { add(call.account, call.token, call.cost, call.loss); }
    void clear() noexcept { *this = {}; }
    std::size_t size() const noexcept { return parties_.size(); }
    /// Into the balances and what tokens spent, and into the totals of the fold.
    Result<void> store(Connection& connection, ChargeId watermark) const;

private:
    /// Who pays, and with what token.
    struct Party {
        AccountId account;
        TokenId token;
        bool operator==(const Party&) const noexcept = default;
    };
    struct Hash {
        std::size_t operator()(const Party& party) const noexcept {
            return std::hash<std::int64_t>{}(party.token.value * 31 + party.account.value);
        }
    };
    std::unordered_map<Party, Money, Hash> parties_;
    Money cost_;
    Money loss_;
    std::int64_t rows_ = 0;
};

/// Adds charges to stored balances, each once: fold.watermark is the id up to which they are in.
/// What is appended is added up on its way, and read where that does not know everything, or where
/// there are lots: those are spent in the order of ids.
class Fold {
public:
    explicit Fold(Connection& connection) : connection_(connection) {}
    void note(std::span<const Call* const> stored) { pending_.note(stored); }
    void forget() noexcept { pending_.forget(); }
    Result<FoldStep> run(ChargeId limit, std::int64_t rows_max);

private:
    Result<FoldStep> from_rows(ChargeId above, ChargeId limit, std::int64_t rows_max,
                               LotFold& lots);

    Connection& connection_;
    Pending<FoldSums> pending_;
};

/// The largest id; 0: there is none.
Result<std::int64_t> newest_charge(Connection& connection);
Result<ChargeId> fold_watermark(Connection& connection);
Result<void> add_to_balance(Connection& connection, AccountId account, Money amount);

}  // namespace obliv::storage::sqlite
