// What callers and administrators do.
#include "tests/simulation/life.hpp"

#include "tests/support/calls.hpp"

namespace obliv::simulation {
namespace {

constexpr std::int64_t million = 1'000'000;

}  // namespace

/// A call with the token counts in all of its budgets.
Model::Purses Life::purses_of(AccountId account, bool budgeted) {
    Model::Purses purses{&model_.accounts[account.value]};
    if (!budgeted)
        return purses;
    purses.push_back(&model_.budget);
    for (const auto& row : budgets_)
        purses.push_back(&period_of(row));
    return purses;
}

void Life::reserve() {
    bool budgeted = random_.below(2) == 0;
    auto account = budgeted ? team_ : some_account();
    billing::Ask ask;
    ask.token = budgeted ? budgeted_ : TokenId{};
    ask.account = account;
    ask.model = "asked";
    ask.at_most.input = static_cast<std::int64_t>(random_.below(5));
    ask.at_most.output = static_cast<std::int64_t>(random_.below(40));
    auto amount = ask.at_most.input * model_.input_price + ask.at_most.output * model_.output_price;
    auto purses = purses_of(account, budgeted);
    bool payable = amount == 0 || amount <= Model::spare(purses);
    auto hold = till_->reserve(ask);
    note(hold ? 1 : 2);
    if (!hold) {
        auto code = hold.error().code;
        bool full = code == Code::overloaded || code == Code::unavailable;
        expect(full || (code == Code::quota_exhausted && !payable), "who can pay is let in");
        return;
    }
    expect(payable, "who cannot pay is turned away");
    expect(hold->amount().nanos() == amount, "the price of the most is set aside");
    Model::hold(purses, amount);
    open_.push_back({std::move(*hold), account, budgeted, std::move(purses), clock_.wall(), amount,
                     model_.input_price, model_.output_price});
}

void Life::extend() {
    if (open_.empty())
        return;
    auto& open = open_[random_.below(open_.size())];
    auto tokens = static_cast<std::int64_t>(random_.below(30));
    auto more = std::min(tokens * open.output_price, Model::spare(open.purses));
    till_->extend(open.hold, {"served"}, tokens);
    open.amount += more;
    Model::hold(open.purses, more);
    expect(open.hold.amount().nanos() == open.amount, "an extension takes what there is");
}

/// One of the open calls, which holds nothing any more.
Life::Open Life::take() {
    std::swap(open_[random_.below(open_.size())], open_.back());
    auto open = std::move(open_.back());
    open_.pop_back();
    return open;
}

void Life::release() {
    if (open_.empty())
        return;
    auto open = take();
    Model::hold(open.purses, -open.amount);
    open.hold.release();
}

void Life::settle() {
    if (open_.empty())
        return;
    auto open = take();
    auto call = test::sample_call(0, open.account);
    call.request_id = "request-" + std::to_string(++requests_);
    call.token = open.budgeted ? budgeted_ : TokenId{};
    call.held = {};
    call.time = open.time;
    call.usage.input = static_cast<std::int64_t>(random_.below(6));
    call.usage.output = static_cast<std::int64_t>(random_.below(60));
    auto due = call.usage.input * open.input_price + call.usage.output * open.output_price;
    auto share = billing::whole_price;
    auto kind = random_.below(16);
    if (kind == 0) {
        call.source = llm::UsageSource::none;
        due = 0;
    } else if (kind == 1) {
        call.source = llm::UsageSource::cache;
        share = 250'000;
        due = (due * share + million / 2) / million;
    }
    auto cost = std::min(due, open.amount + Model::spare(open.purses));
    Model::Call charged{call.request_id, open.account.value, open.purses, cost, false};
    Model::hold(open.purses, -open.amount);
    auto receipt = till_->charge(std::move(open.hold), std::move(call), share);
    expect(receipt.has_value(), "what was let in is charged");
    expect(receipt->cost.nanos() == cost, "the cost is what was used, or what there is");
    Model::spend(charged, 1);
    expect(model_.calls.emplace(receipt->id.value, charged).second, "an id is used once");
    note(static_cast<std::uint64_t>(receipt->id.value));
}

void Life::change_limit() {
    auto limit = Money::nanos(static_cast<std::int64_t>(random_.below(10'000)));
    auto done = database_->write([&](storage::Session& s) -> Result<void> {
        auto row = s.accounts().get(credit_);
        if (!row)
            return row.error();
        row->credit_limit = limit;
        return s.accounts().update(*row);
    });
    expect(done || disk_said_no(done.error().code), "a limit is changed, or the disk fails");
    if (!disk_.dead())
        read_limits();
}

void Life::change_budget() {
    auto more = static_cast<std::int64_t>(random_.below(30'000));
    auto done = database_->write([&](storage::Session& s) -> Result<void> {
        auto row = s.tokens().get(budgeted_);
        if (!row)
            return row.error();
        row->budget = row->spent + Money::nanos(more);
        return s.tokens().update(*row);
    });
    expect(done || disk_said_no(done.error().code), "a budget is changed, or the disk fails");
    if (!disk_.dead())
        read_limits();
}

void Life::change_period_budget() {
    const auto& row = budgets_[random_.below(budgets_.size())];
    auto now = period_of(row);
    // Also less than is spent already.
    auto amount = std::max<std::int64_t>(
        now.spent + static_cast<std::int64_t>(random_.below(5'000)) - 200, 0);
    auto done = database_->write(
        [&](storage::Session& s) { return s.budgets().set_amount(row.id, Money::nanos(amount)); });
    expect(done || disk_said_no(done.error().code), "a budget is changed, or the disk fails");
    if (!disk_.dead())
        read_limits();
}

void Life::change_price() {
    storage::PriceRow row = test::nano_price("asked");
    row.price.input = Money::nanos(static_cast<std::int64_t>(random_.below(3)) * million);
    row.price.output = Money::nanos(static_cast<std::int64_t>(random_.below(4)) * million);
    row.effective_from = clock_.wall();
    auto done = database_->write([&](storage::Session& s) { return s.prices().append(row); });
    expect(done || disk_said_no(done.error().code), "a price is set, or the disk fails");
    if (!disk_.dead())
        read_limits();
}

/// Whether a change that failed was made is for the store to say; from then on it counts.
void Life::read_limits() {
    using test::must;
    must(books_->refresh_accounts());
    must(books_->refresh_tokens());
    must(books_->refresh_prices());
    must(database_->read([&](storage::Session& s) -> Result<void> {
        model_.accounts[credit_.value].floor =
            -must(s.accounts().get(credit_)).credit_limit.nanos();
        model_.budget.granted = must(s.tokens().get(budgeted_)).budget->nanos();
        for (const auto& row : must(s.budgets().all())) {
            model_.budgets[row.id.value].amount = row.amount.nanos();
            period_of(row).granted = row.amount.nanos();
        }
        auto prices = must(s.prices().current(clock_.wall()));
        model_.input_price = prices.front().price.input.nanos() / million;
        model_.output_price = prices.front().price.output.nanos() / million;
        return ok();
    }));
}

}  // namespace obliv::simulation
