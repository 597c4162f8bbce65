#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/base/result.hpp"
#include "core/ledger/period.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace obliv::storage {

using BudgetId = Id<struct BudgetTag>;

/// Whose calls a budget counts. The numbers are stored.
enum class BudgetScope : std::uint8_t { everyone = 0, token = 1, user = 2, account = 3 };

/// What may be spent in each day or month.
struct Budget {
    BudgetId id;
    TenantId tenant;
    BudgetScope scope = BudgetScope::everyone;
    std::int64_t subject = 0;  ///< id of the token, user or account; 0: everyone
    std::string model;         ///< a pattern of models as asked; empty: every model
    ledger::PeriodKind period = ledger::PeriodKind::day;
    Money amount;
    WallTime created_at{};
};

/// Reads work on every session, writes on the writer's session only.
class BudgetStore {
public:
    virtual ~BudgetStore() = default;
    virtual Result<std::vector<Budget>> all() = 0;
    virtual Result<Budget> get(BudgetId id) = 0;  ///< not_found
    /// conflict: there is one for the same calls and period.
    virtual Result<BudgetId> insert(const Budget& budget) = 0;
    virtual Result<void> set_amount(BudgetId id, Money amount) = 0;  ///< not_found
    virtual Result<void> remove(BudgetId id) = 0;                    ///< not_found
    /// Whether there is a user with this id.
    virtual Result<bool> has_user(UserId user) = 0;
};

}  // namespace obliv::storage
