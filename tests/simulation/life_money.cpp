// What callers and administrators do.
#include "tests/simulation/life.hpp"

#include "tests/support/calls.hpp"

#include <cstdlib>

namespace obliv::simulation {
namespace {

constexpr std::int64_t million = 1'000'000;

bool disk_said_no(Code code) {
    return code == Code::unavailable || code == Code::io;
}

}  // namespace

bool Life::is_payable(AccountId account, bool budgeted, std::int64_t amount) {
    const auto& model = model_.accounts[account.value];
    const auto& budget = model_.budget;
    return amount == 0 || (model.available() - amount >= model.floor &&
                           (!budgeted || budget.available() - amount >= budget.floor));
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
    bool payable = is_payable(account, budgeted, amount);
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
    model_.accounts[account.value].held += amount;
    if (budgeted)
        model_.budget.held += amount;
    open_.push_back(
        {std::move(*hold), account, budgeted, amount, model_.input_price, model_.output_price});
}

void Life::extend() {
    if (open_.empty())
        return;
    auto& open = open_[random_.below(open_.size())];
    auto tokens = static_cast<std::int64_t>(random_.below(30));
    auto more = tokens * open.output_price;
    more = std::min(more, model_.accounts[open.account.value].spare());
    if (open.budgeted)
        more = std::min(more, model_.budget.spare());
    till_->extend(open.hold, {"served"}, tokens);
    open.amount += more;
    model_.accounts[open.account.value].held += more;
    if (open.budgeted)
        model_.budget.held += more;
    expect(open.hold.amount().nanos() == open.amount, "an extension takes what there is");
}

/// One of the open calls, which holds nothing any more.
Life::Open Life::take() {
    std::swap(open_[random_.below(open_.size())], open_.back());
    auto open = std::move(open_.back());
    open_.pop_back();
    return open;
}

void Life::end_hold(const Open& open) {
    model_.accounts[open.account.value].held -= open.amount;
    if (open.budgeted)
        model_.budget.held -= open.amount;
}

void Life::release() {
    if (open_.empty())
        return;
    auto open = take();
    end_hold(open);
    open.hold.release();
}

void Life::settle() {
    if (open_.empty())
        return;
    auto open = take();
    auto& model = model_.accounts[open.account.value];
    auto call = test::sample_call(0, open.account);
    call.request_id = "request-" + std::to_string(++requests_);
    call.token = open.budgeted ? budgeted_ : TokenId{};
    call.held = {};
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
    auto spare = model.spare();
    if (open.budgeted)
        spare = std::min(spare, model_.budget.spare());
    auto cost = std::min(due, open.amount + spare);
    Model::Call charged{call.request_id, open.account.value, open.budgeted, cost, false};
    end_hold(open);
    auto receipt = till_->charge(std::move(open.hold), std::move(call), share);
    expect(receipt.has_value(), "what was let in is charged");
    expect(receipt->cost.nanos() == cost, "the cost is what was used, or what there is");
    model_.spend(charged, 1);
    expect(model_.calls.emplace(receipt->id.value, charged).second, "an id is used once");
    note(static_cast<std::uint64_t>(receipt->id.value));
}

void Life::topup() {
    move(static_cast<std::int64_t>(random_.below(6000)) + 1, true);
}

void Life::adjust() {
    auto amount = static_cast<std::int64_t>(random_.below(300)) + 1;
    move(random_.below(2) == 0 ? amount : -amount, false);
}

void Life::move(std::int64_t amount, bool topup) {
    auto account = some_account();
    auto& model = model_.accounts[account.value];
    // Some ids come again, whatever became of the first.
    auto operation = std::to_string(random_.below(1 + requests_ / 4 + 50));
    auto money = Money::nanos(amount);
    auto done = topup ? books_->topup(account, money, operation, "")
                      : books_->adjust(account, money, operation, "");
    auto& known = model_.transfers[operation];
    note(done ? 3 : 4);
    if (done && known.booked) {
        expect(done->amount.nanos() == std::abs(known.amount), "a repeat answers the first");
    } else if (done) {
        known = {account.value, amount, true};
        model.granted += amount;
    } else {
        auto code = done.error().code;
        bool short_of = code == Code::conflict && model.available() + amount < model.floor;
        expect(short_of || disk_said_no(code), "what can be booked is booked");
        if (!known.booked && !short_of)
            known = {account.value, amount, false};
    }
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
        auto prices = must(s.prices().current(clock_.wall()));
        model_.input_price = prices.front().price.input.nanos() / million;
        model_.output_price = prices.front().price.output.nanos() / million;
        return ok();
    }));
}

}  // namespace obliv::simulation
