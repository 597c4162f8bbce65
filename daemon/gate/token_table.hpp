#pragma once

#include "core/base/sharded_map.hpp"
#include "core/ledger/low_water.hpp"
#include "core/llm/pattern.hpp"
#include "core/storage/accounts.hpp"
#include "core/storage/tokens.hpp"
#include "daemon/gate/token_limits.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace obliv::gate {

/// What changes for the calls of an account while it is nearly out of money. All of its tokens
/// share it.
class Degrading {
public:
    /// A pattern that cannot be read matches nothing.
    Degrading(std::shared_ptr<const storage::Degraded> rules,
              std::shared_ptr<const ledger::LowWater> low);

    bool on() const noexcept { return low_->reached(); }
    const std::shared_ptr<const storage::Degraded>& rules() const noexcept { return rules_; }
    /// The model that is asked instead: an exact name comes before patterns, and those in the order
    /// of their texts. Empty: as asked. Lives as long as this.
    std::string_view instead_of(std::string_view model) const;

private:
    std::shared_ptr<const storage::Degraded> rules_;
    std::shared_ptr<const ledger::LowWater> low_;
    std::vector<std::pair<llm::ModelPattern, std::string_view>> patterns_;
};
using DegradingByAccount = std::unordered_map<AccountId, std::shared_ptr<const Degrading>>;

/// A token as the gate sees it.
struct TokenEntry {
    storage::Token token;
    std::vector<llm::ModelPattern> models;  ///< empty: every model of its group
    std::shared_ptr<TokenLimits> limits;
    std::shared_ptr<const Degrading> degrading{};  ///< null: its account never degrades

    bool may_call(std::string_view model) const;
    /// The limits that count now: the narrower ones, while its account is nearly out of money.
    int concurrent_max() const noexcept;
    int requests_per_minute() const noexcept;
    /// The model that is asked now instead of this; empty: none.
    std::string_view instead_of(std::string_view model) const {
        return degrading && degrading->on() ? degrading->instead_of(model) : std::string_view();
    }
};

/// All tokens by the digest of their key. Immutable; a change makes a new table, and hands the
/// TokenLimits on, so that it does not reset a window. A pattern that cannot be read matches
/// nothing.
class TokenTable {
public:
    static std::shared_ptr<const TokenTable> build(const std::vector<storage::Token>& rows,
                                                   const TokenTable* previous,
                                                   const DegradingByAccount& degrading = {});
    /// A table that differs by one token.
    std::shared_ptr<const TokenTable> with(const storage::Token& row,
                                           const DegradingByAccount& degrading = {}) const;
    std::shared_ptr<const TokenTable> without(TokenId id) const;

    /// Nothing if no token has this digest.
    std::shared_ptr<const TokenEntry> find(const Sha256& digest) const;
    std::size_t size() const noexcept { return by_digest_.size(); }

private:
    void add(const storage::Token& row, const TokenTable* previous,
             const DegradingByAccount& degrading);
    void remove(TokenId id);

    ShardedMap<Sha256, std::shared_ptr<const TokenEntry>, Sha256Hash> by_digest_;
    ShardedMap<TokenId, std::shared_ptr<const TokenEntry>> by_id_;
};

}  // namespace obliv::gate
