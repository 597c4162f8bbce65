#pragma once

#include "core/ledger/balance.hpp"
#include "core/ledger/period.hpp"
#include "core/llm/pattern.hpp"
#include "core/storage/budgets.hpp"
#include "core/storage/tokens.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::billing {

/// The counters of a budget in one day or month. Calls stay with the one in which they were let in,
/// however long they last.
struct BudgetPeriod {
    BudgetPeriod(const storage::Budget& row, ledger::Period when, Money spent);

    std::int64_t budget;
    std::string name;  ///< for people: `the daily budget of token 7`
    ledger::Period when;
    ledger::Balance balance;
};

/// A budget as calls meet it. Safe from any thread; outlives the views that point to it.
class PeriodBudget {
public:
    /// `spent` is of the period that `now` lies in.
    PeriodBudget(storage::Budget row, std::string time_zone, const TimeZone& zone, WallTime now,
                 Money spent);

    bool matches(std::string_view model) const;
    /// The period that `now` lies in: a new one, of which nothing is spent, when the last is over.
    std::shared_ptr<BudgetPeriod> at(WallTime now);
    /// Whether a changed row still counts the same: then only its amount is taken over.
    bool take_over(const storage::Budget& row, std::string_view time_zone);

    const storage::Budget& row() const noexcept { return row_; }
    const std::string& time_zone() const noexcept { return time_zone_; }

private:
    const storage::Budget row_;  // but for its amount
    const std::string time_zone_;
    const TimeZone zone_;
    const std::optional<llm::ModelPattern> pattern_;  // nothing: every model
    std::mutex mutex_;
    Money amount_;                          // under mutex_
    std::shared_ptr<BudgetPeriod> period_;  // under mutex_
};

using PeriodBudgets = std::vector<std::shared_ptr<PeriodBudget>>;

/// Those that count the calls of a token; null: none does.
std::shared_ptr<const PeriodBudgets> periods_of(const storage::Token& token,
                                                const PeriodBudgets& budgets);

/// What one call has set aside in each period budget that it counts for.
class HeldPeriods {
public:
    /// All of them, or none: then the one that is short. Null: no budget counts this model.
    static std::unique_ptr<HeldPeriods> reserve(const PeriodBudgets& budgets,
                                                std::string_view model, Money amount, WallTime now,
                                                std::shared_ptr<BudgetPeriod>& short_one);
    Money reserve_up_to(Money amount) noexcept;
    void release(Money amount) noexcept;
    void settle(Money held, Money cost) noexcept;

private:
    std::vector<std::shared_ptr<BudgetPeriod>> periods_;
};

}  // namespace obliv::billing
