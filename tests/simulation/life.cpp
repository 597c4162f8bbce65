#include "tests/simulation/life.hpp"

#include "core/base/time_zone.hpp"
#include "core/ledger/period.hpp"
#include "daemon/billing/period_budget.hpp"
#include "tests/support/calls.hpp"

#include <array>

namespace obliv::simulation {
namespace {

constexpr std::int64_t credit_limit = 5'000;
constexpr std::int64_t budget = 200'000;
constexpr std::int64_t period_budget = 20'000;
constexpr std::uint32_t ring_slots = 48;

}  // namespace

Life::Life(std::uint64_t seed, Tally& tally)
    : random_(seed), tally_(tally), disk_(seed ^ 0x5DEECE66DU),
      ring_(folder_.file("intent.ring"), random_) {
    store_.path = folder_.file("oblivd.db");
    store_.readers = 1;
    store_.clock = &clock_;
    store_.writer.own_thread = false;
    store_.writer.chore_interval = std::chrono::milliseconds(0);
    books_options_.ring_path = folder_.file("intent.ring");
    books_options_.ring_slots = ring_slots;
    books_options_.clock = &clock_;
    // Small steps: a crash falls between two of them.
    books_options_.fold_rows_max = 7;
    open();
    make_accounts();
}

Life::~Life() {
    disk_.set_trouble(Trouble::dead);
    close();
}

void Life::make_accounts() {
    using test::must;
    must(database_->write([&](storage::Session& s) -> Result<void> {
        storage::Account account;
        account.tenant = storage::first_tenant;
        account.name = "team";
        team_ = must(s.accounts().insert(account));
        account.name = "credit";
        account.kind = storage::AccountKind::credit;
        account.credit_limit = Money::nanos(credit_limit);
        credit_ = must(s.accounts().insert(account));
        storage::Token token;
        token.tenant = storage::first_tenant;
        token.account = team_;
        token.name = "budgeted";
        token.budget = Money::nanos(budget);
        budgeted_ = must(s.tokens().insert(token));
        make_budgets(s);
        must(s.prices().append(test::nano_price("asked")));
        return ok();
    }));
    must(books_->refresh_accounts());
    must(books_->refresh_tokens());
    must(books_->refresh_prices());
    model_.accounts[team_.value];
    model_.accounts[credit_.value].floor = -credit_limit;
    model_.budget.granted = budget;
}

void Life::make_budgets(storage::Session& session) {
    storage::Budget row;
    row.tenant = storage::first_tenant;
    row.scope = storage::BudgetScope::token;
    row.subject = budgeted_.value;
    for (auto period : {ledger::PeriodKind::day, ledger::PeriodKind::month}) {
        row.period = period;
        row.amount = Money::nanos(period_budget);
        row.id = test::must(session.budgets().insert(row));
        row.model = "ask*";
        budgets_.push_back(row);
        model_.budgets[row.id.value].amount = period_budget;
    }
}

/// What there is of a budget now: all of it, when the last day or month is over.
Model::Purse& Life::period_of(const storage::Budget& budget) {
    auto when = ledger::period_of(budget.period, TimeZone::utc(), clock_.wall());
    auto& known = model_.budgets[budget.id.value];
    auto [place, is_new] = known.periods.try_emplace(unix_nanos(when.begin));
    if (is_new)
        place->second.granted = known.amount;
    return place->second;
}

void Life::step() {
    struct Choice {
        std::uint64_t weight;
        void (Life::*run)();
    };
    static constexpr std::array choices{
        Choice{3000, &Life::reserve},
        Choice{2000, &Life::settle},
        Choice{500, &Life::release},
        Choice{500, &Life::extend},
        Choice{1200, &Life::write_group},
        Choice{150, &Life::topup},
        Choice{150, &Life::adjust},
        Choice{30, &Life::change_limit},
        Choice{30, &Life::change_budget},
        Choice{30, &Life::change_price},
        Choice{20, &Life::make_code},
        Choice{40, &Life::redeem},
        Choice{100, &Life::transfer},
        Choice{120, &Life::topup_for_a_while},
        Choice{80, &Life::expire},
        Choice{60, &Life::pass_time},
        Choice{30, &Life::change_period_budget},
        Choice{60, &Life::toggle_trouble},
        Choice{40, &Life::plan_death},
        Choice{15, &Life::kill},
        Choice{15, &Life::cut_power},
        Choice{10, &Life::restart},
    };
    static constexpr auto sum = [] {
        std::uint64_t weights = 0;
        for (const auto& choice : choices)
            weights += choice.weight;
        return weights;
    }();
    auto number = random_.below(sum);
    std::size_t i = 0;
    while (number >= choices[i].weight)
        number -= choices[i++].weight;
    note(i);
    (this->*choices[i].run)();
    clock_.advance(std::chrono::microseconds(1));
    if (disk_.dead())
        random_.below(2) == 0 ? kill() : cut_power();
    else if (random_.below(4) == 0)
        ring_.write_back();
    judge();
    ++steps_;
    ++tally_.operations;
}

void Life::finish() {
    open_.clear();
    model_.forget_holds();
    disk_.revive();  // nor does it die as planned
    heal();
    reopen();
    compare_lots();
    auto report = test::must(books_->verify());
    expect(report.ok(), report.ok() ? "" : report.problems.front());
    expect(report.charges == static_cast<std::int64_t>(model_.calls.size()),
           "every call is charged once");
    std::int64_t booked = 0;
    for (const auto& [operation, transfer] : model_.transfers)
        booked += transfer.booked ? 1 : 0;
    booked += static_cast<std::int64_t>(model_.expiries.size());
    expect(report.transfers == booked, "every transfer is booked once");
    tally_.expiries += static_cast<std::int64_t>(model_.expiries.size());
    tally_.calls += report.charges;
    tally_.transfers += report.transfers;
}

void Life::note(std::uint64_t what) noexcept {
    trace_ = (trace_ ^ what) * 1099511628211U;
}

void Life::expect(bool holds, const std::string& claim) const {
    if (!holds)
        throw Broken("operation " + std::to_string(steps_) + ": not so: " + claim);
}

void Life::judge() {
    for (const auto& [id, account] : model_.accounts) {
        auto real = books_->account_figures(AccountId{id});
        expect(real.has_value(), "an account stays");
        judge(account, *real, "account " + std::to_string(id));
    }
    judge(model_.budget, *books_->token_figures(budgeted_), "the budget");
    for (const auto& row : budgets_)
        judge(period_of(row), books_->budget(row.id)->at(clock_.wall())->balance.figures(),
              "budget " + row.id.text());
}

void Life::judge(const Model::Purse& model, const ledger::BalanceFigures& real,
                 const std::string& name) const {
    bool same = real.agree() && real.available.nanos() == model.available() &&
                real.held.nanos() == model.held;
    if (!same)
        expect(false, name + " has " + std::to_string(model.available()) + " available and " +
                          std::to_string(model.held) + " held; the books say " +
                          std::to_string(real.available.nanos()) + " and " +
                          std::to_string(real.held.nanos()));
}

AccountId Life::some_account() {
    return random_.below(2) == 0 ? team_ : credit_;
}

}  // namespace obliv::simulation
