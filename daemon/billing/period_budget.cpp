#include "daemon/billing/period_budget.hpp"

#include <tuple>

namespace obliv::billing {
namespace {

std::string name_of(const storage::Budget& row) {
    using storage::BudgetScope;
    std::string name =
        row.period == ledger::PeriodKind::day ? "the daily budget" : "the monthly budget";
    auto subject = std::to_string(row.subject);
    switch (row.scope) {
    case BudgetScope::token:
        name += " of token " + subject;
        break;
    case BudgetScope::user:
        name += " of user " + subject;
        break;
    case BudgetScope::account:
        name += " of account " + subject;
        break;
    case BudgetScope::everyone:
        name += " of all callers";
        break;
    }
    return row.model.empty() ? name : name + " for " + row.model;
}

std::optional<llm::ModelPattern> pattern_of(const std::string& model) {
    if (model.empty())
        return std::nullopt;
    auto pattern = llm::ModelPattern::parse(model);
    return pattern ? std::optional(std::move(*pattern)) : std::nullopt;
}

}  // namespace

BudgetPeriod::BudgetPeriod(const storage::Budget& row, ledger::Period period, Money spent)
    : budget(row.id.value), name(name_of(row)), when(period), balance(row.amount, spent, Money{}) {}

PeriodBudget::PeriodBudget(storage::Budget row, std::string time_zone, const TimeZone& zone,
                           WallTime now, Money spent)
    : row_(std::move(row)), time_zone_(std::move(time_zone)), zone_(zone),
      pattern_(pattern_of(row_.model)), amount_(row_.amount),
      period_(std::make_shared<BudgetPeriod>(row_, ledger::period_of(row_.period, zone_, now),
                                             spent)) {}

bool PeriodBudget::matches(std::string_view model) const {
    return !pattern_ || pattern_->matches(model);
}

std::shared_ptr<BudgetPeriod> PeriodBudget::at(WallTime now) {
    std::lock_guard lock(mutex_);
    if (now >= period_->when.end) {
        auto row = row_;
        row.amount = amount_;
        period_ = std::make_shared<BudgetPeriod>(row, ledger::period_of(row_.period, zone_, now),
                                                 Money{});
    }
    return period_;
}

bool PeriodBudget::take_over(const storage::Budget& row, std::string_view time_zone) {
    auto same = [](const storage::Budget& one) {
        return std::tie(one.id, one.scope, one.subject, one.model, one.period);
    };
    if (same(row) != same(row_) || time_zone != time_zone_)
        return false;
    std::lock_guard lock(mutex_);
    amount_ = row.amount;
    period_->balance.set_granted(row.amount);
    return true;
}

std::unique_ptr<HeldPeriods> HeldPeriods::reserve(const PeriodBudgets& budgets,
                                                  std::string_view model, Money amount,
                                                  WallTime now,
                                                  std::shared_ptr<BudgetPeriod>& short_one) {
    std::unique_ptr<HeldPeriods> held;
    for (const auto& budget : budgets) {
        if (!budget->matches(model))
            continue;
        if (!held)
            held = std::make_unique<HeldPeriods>();
        auto period = budget->at(now);
        if (!period->balance.reserve(amount)) {
            held->release(amount);
            short_one = std::move(period);
            return nullptr;
        }
        held->periods_.push_back(std::move(period));
    }
    return held;
}

Money HeldPeriods::reserve_up_to(Money amount) noexcept {
    auto least = amount;
    for (std::size_t i = 0; i < periods_.size(); ++i) {
        auto part = periods_[i]->balance.reserve_up_to(least);
        for (std::size_t before = 0; part < least && before < i; ++before)
            periods_[before]->balance.release(least - part);
        least = part;
    }
    return least;
}

void HeldPeriods::release(Money amount) noexcept {
    for (const auto& period : periods_)
        period->balance.release(amount);
}

void HeldPeriods::settle(Money held, Money cost) noexcept {
    for (const auto& period : periods_)
        period->balance.settle(held, cost);
}

}  // namespace obliv::billing
