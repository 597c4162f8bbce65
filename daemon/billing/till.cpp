#include "daemon/billing/till.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/base/time_format.hpp"
#include "core/llm/price.hpp"
#include "daemon/billing/period_budget.hpp"
#include "daemon/billing/slot.hpp"

#include <algorithm>

namespace obliv::billing {
namespace {

constexpr std::int64_t units_max = 1'000'000'000;
constexpr std::int64_t searches_max = 65'535;  // a slot has two bytes for them

const ModelPrices* find_prices(const BooksView& view, std::string_view model) {
    auto found = view.prices.find(model);
    return found == view.prices.end() ? nullptr : &found->second;
}

/// What a provider claims is input: it must neither break our arithmetic nor the books.
void keep_sane(llm::Usage& usage) noexcept {
    for (auto member : llm::usage_members)
        usage.*member = std::clamp(usage.*member, std::int64_t{0}, units_max);
    usage.searches = std::min(usage.searches, searches_max);
}

bool must_be_priced(Unpriced rule, bool limited) noexcept {
    return rule == Unpriced::refuse || (rule == Unpriced::by_account && limited);
}

Error short_of(const std::string& what, Money available, Money amount) {
    auto error = fail(Code::quota_exhausted, what + " has " + available.text() +
                                                 " USD available, and this call may cost up to " +
                                                 amount.text() + " USD");
    error.hint = "top it up, or ask for fewer output tokens";
    return error;
}

}  // namespace

/// The most that a call can cost, and by which price.
struct Till::Quote {
    const ModelPrices* asked = nullptr;
    const llm::Price* dearest = nullptr;
    Money amount;
    bool searches_cost = false;
};

Till::Till(Books& books, unsigned number, Committed committed)
    : books_(books), ring_(books.ring().partition(number)), counter_(books.counter(number)),
      committed_(std::move(committed)) {}

Result<void> Till::may_ask(const Ask& ask) const {
    const auto& most = ask.at_most;
    if (most.input < 0 || most.output < 0 || most.images < 0 || most.seconds < 0 ||
        most.characters < 0 || most.searches < 0)
        return fail(Code::invalid_request, "a number of units is not negative");
    if (!books_.writer().accepting())
        return fail(Code::unavailable, "calls cannot be stored at the moment");
    if (books_.halted())
        return fail(Code::unavailable,
                    "the books do not agree: no paid call is made until they do");
    return ok();
}

Result<Hold> Till::reserve(const Ask& ask) {
    if (auto fit = may_ask(ask); !fit)
        return fit.error();
    if (auto version = books_.version(); version != version_) {
        view_ = books_.view();
        version_ = version;
    }
    const auto* account = view_->accounts.find(ask.account);
    if (account == nullptr)
        return fail(Code::forbidden, "account " + ask.account.text() + " pays for no calls");
    const auto* token = view_->tokens.find(ask.token);
    bool has_token = token != nullptr;
    bool limited = account->kind != ledger::AccountKind::unlimited ||
                   (has_token && (token->limited || token->periods));
    auto group_share = has_token ? token->share : whole_price;
    auto quoted =
        quote(*view_, ask, limited, llm::combined_share(ask.share_millionths, group_share));
    if (!quoted)
        return quoted.error();

    Result<Hold> held{Hold()};
    auto& hold = *held;
    hold.view_ = view_;
    hold.account_ = account->balance.get();
    hold.budget_ = has_token ? token->budget.get() : nullptr;
    hold.asked_prices_ = quoted->asked;
    hold.group_share_ = static_cast<std::int32_t>(group_share);
    hold.dearest_price_ = quoted->dearest;
    hold.amount_ = quoted->amount;
    hold.priced_ = quoted->dearest != nullptr;
    hold.searches_cost_ = quoted->searches_cost;
    hold.limited_ = limited;
    hold.input_tokens_ = ask.at_most.input;
    hold.output_tokens_ = ask.at_most.output;
    if (!ask.variant.empty())
        hold.variant_ = std::make_unique<const std::string>(ask.variant);
    if (auto done = set_aside(hold, ask); !done)
        return done.error();
    if (has_token && token->periods)
        if (auto done = set_periods_aside(hold, ask, *token->periods); !done)
            return done.error();
    if (auto promised = ring_.promise(); !promised) {
        give_back(hold, hold.amount_);
        return promised.error();
    }
    hold.till_ = this;
    hold.turn_ = turn_;
    open_.add(hold);
    return held;
}

/// The dearest of the asked model's prices; where none of them may count, that of the models that
/// may serve the call. A candidate without a price counts as unpriced even beside priced ones: it
/// may be the one that serves.
Result<Till::Quote> Till::quote(const BooksView& view, const Ask& ask, bool limited,
                                std::int64_t share) const {
    Quote quote;
    std::string_view unpriced;
    auto consider = [&](const llm::Price& price) {
        auto amount = llm::cost_at_most(price, ask.at_most, share);
        quote.searches_cost = quote.searches_cost || price.per_search > Money{};
        if (!quote.dearest || amount > quote.amount) {
            quote.dearest = &price;
            quote.amount = amount;
        }
    };
    auto consider_all = [&](std::string_view model, const ModelPrices* prices) {
        if (prices)
            prices->each(ask.channels, ask.variant, consider);
        if (!prices || !prices->covers(ask.channels, ask.variant))
            unpriced = model;
    };
    quote.asked = find_prices(view, ask.model);
    if (quote.asked || ask.served.empty())
        consider_all(ask.model, quote.asked);
    if (!quote.asked || unpriced.data()) {
        unpriced = ask.served.empty() ? unpriced : std::string_view();
        for (const auto& model : ask.served)
            consider_all(model, find_prices(view, model));
    }
    if (unpriced.data() && must_be_priced(books_.options().unpriced, limited))
        return fail(Code::forbidden, "the model " + std::string(unpriced) +
                                         " has no price, so that its calls cannot be billed");
    return quote;
}

/// Both the account and the token's budget, or neither.
Result<void> Till::set_aside(Hold& hold, const Ask& ask) const {
    if (!hold.account_->reserve(hold.amount_))
        return short_of("account " + ask.account.text(), hold.account_->figures().available,
                        hold.amount_);
    if (!hold.budget_ || hold.budget_->reserve(hold.amount_))
        return ok();
    hold.account_->release(hold.amount_);
    return short_of("the budget of token " + ask.token.text(), hold.budget_->figures().available,
                    hold.amount_);
}

/// All that count this call, or nothing at all.
Result<void> Till::set_periods_aside(Hold& hold, const Ask& ask,
                                     const PeriodBudgets& budgets) const {
    auto now = books_.options().clock->wall();
    std::shared_ptr<BudgetPeriod> short_one;
    // By the name in the row, from which a budget is counted again after a restart.
    auto asked = ask.asked.empty() ? ask.model : ask.asked;
    hold.periods_ = HeldPeriods::reserve(budgets, asked, hold.amount_, now, short_one);
    if (!short_one)
        return ok();
    give_back(hold, hold.amount_);
    auto error = short_of(short_one->name, short_one->balance.figures().available, hold.amount_);
    error.message += "; it begins anew at " + rfc3339(short_one->when.end);
    error.hint = "wait, raise the budget, or ask for fewer output tokens";
    error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(short_one->when.end - now);
    return error;
}

/// As much of `amount` as both the account and the budget still have.
Money Till::hold_more(const Hold& hold, Money amount) noexcept {
    auto more = hold.account_->reserve_up_to(amount);
    auto both = hold.budget_ ? hold.budget_->reserve_up_to(more) : more;
    auto all = hold.periods_ ? hold.periods_->reserve_up_to(both) : both;
    if (hold.budget_ && all < both)
        hold.budget_->release(both - all);
    if (all < more)
        hold.account_->release(more - all);
    return all;
}

/// At the prices of when the call was let in, which the hold keeps alive.
Result<void> Till::cover(Hold& hold, const Ask& ask) {
    check(hold.till_ == this, "only an open hold covers more, on the loop that reserved it");
    auto share = llm::combined_share(ask.share_millionths, hold.group_share_);
    auto quoted = quote(*hold.view_, ask, hold.limited_, share);
    if (!quoted)
        return quoted.error();
    if (quoted->amount > hold.amount_) {
        auto wanted = quoted->amount - hold.amount_;
        auto more = hold_more(hold, wanted);
        if (more < wanted) {
            give_back(hold, more);
            return fail(Code::quota_exhausted,
                        "this may cost up to " + quoted->amount.text() + " USD, and only " +
                            (hold.amount_ + more).text() + " USD can be set aside");
        }
        hold.amount_ += more;
    }
    hold.asked_prices_ = quoted->asked;
    hold.dearest_price_ = quoted->dearest;
    hold.priced_ = quoted->dearest != nullptr;
    hold.searches_cost_ = quoted->searches_cost;
    return ok();
}

/// What so many tokens more would cost, if the call has all that it was foreseen to have. By the
/// length of its input all of its tokens may come to cost more.
Money Till::price_of_more(const Hold& hold, const Server& server, std::int64_t input_tokens,
                          std::int64_t output_tokens) {
    llm::Usage usage;
    usage.input = hold.input_tokens_;
    usage.output = hold.output_tokens_;
    const auto* rate = rate_of(hold, server, usage);
    if (rate == nullptr)
        return {};
    auto before = llm::cost_at_most(*rate, usage, hold.group_share_);
    usage.input += input_tokens;
    usage.output += output_tokens;
    return llm::cost_at_most(*rate, usage, hold.group_share_) - before;
}

bool Till::extend(Hold& hold, const Server& server, std::int64_t output_tokens) {
    check(hold.till_ == this, "only an open hold is extended, on the loop that reserved it");
    auto amount = price_of_more(hold, server, 0, output_tokens);
    if (amount > Money{}) {
        auto more = hold_more(hold, amount);
        hold.amount_ += more;
        output_tokens = static_cast<std::int64_t>(static_cast<__int128>(output_tokens) *
                                                  more.nanos() / amount.nanos());
    }
    hold.output_tokens_ += output_tokens;
    return output_tokens > 0;
}

bool Till::extend_input(Hold& hold, const Server& server, std::int64_t input_tokens) {
    check(hold.till_ == this, "only an open hold is extended, on the loop that reserved it");
    auto amount = price_of_more(hold, server, input_tokens, 0);
    hold.input_tokens_ += input_tokens;
    if (amount <= Money{})
        return true;
    auto more = hold_more(hold, amount);
    hold.amount_ += more;  // goes back with the rest when it is not enough
    return more == amount;
}

/// The price that the call is charged at for `usage`; null: it is free.
const llm::Price* Till::rate_of(const Hold& hold, const Server& server, const llm::Usage& usage) {
    std::string_view variant = hold.variant_ ? std::string_view(*hold.variant_) : "";
    const auto* rate =
        hold.asked_prices_ ? hold.asked_prices_->find(server.channel, variant, usage) : nullptr;
    if (rate)
        return rate;
    if (const auto* prices = find_prices(*hold.view_, server.model))
        rate = prices->find(server.channel, variant, usage);
    // A model that was not announced is charged like the dearest that was: never for nothing.
    return rate ? rate : hold.dearest_price_;
}

bool Hold::charged_alike(const Server& one, const Server& other) const {
    return Till::rate_of(*this, one, {}) == Till::rate_of(*this, other, {});
}

Result<Receipt> Till::charge(Hold&& hold, storage::Call&& call, std::int64_t share_millionths) {
    check(hold.till_ == this, "a hold is settled once, on the loop that reserved it");
    keep_sane(call.usage);
    call.request_id.resize(cut_text(call.request_id, request_id_bytes_max).size());
    call.user_agent.resize(cut_text(call.user_agent, user_agent_bytes_max).size());
    call.error.resize(cut_text(call.error, error_bytes_max).size());
    const auto* rate = rate_of(hold, Server{call.model_served, call.channel}, call.usage);
    call.price = rate ? rate->id : PriceId{};
    call.share = llm::combined_share(share_millionths, hold.group_share_);
    if (rate && call.source == llm::UsageSource::batch)
        call.share = llm::combined_share(call.share, rate->batch_millionths);
    auto due = rate ? llm::due_for(*rate, call.usage, call.source, call.share) : Money{};
    call.held = hold.amount_;
    auto held = hold.amount_;
    if (due > held)
        held += hold_more(hold, due - held);
    call.cost = std::min(due, held);
    call.loss = due - call.cost;
    hold.account_->settle(held, call.cost);
    if (hold.budget_)
        hold.budget_->settle(held, call.cost);
    if (hold.periods_)
        hold.periods_->settle(held, call.cost);

    // After the balance: a top-up with a later id finds the debt that the call has made. From the
    // slot on no kill can undo the charge.
    call.id = ChargeId{books_.take_id()};
    auto slot = ring_.settle(call);
    counter_.add(call);
    end(hold);
    Receipt receipt{call.id, call.cost};
    bool power = books_.options().durability == Durability::power;
    auto queued =
        books_.writer().append(std::move(call), slot, *this,
                               power ? storage::Urgency::waiting : storage::Urgency::grouped);
    if (!queued) {
        // The slot stays settled, and the next start stores it.
        log::write_limited(log::Level::err, "call_not_queued",
                           "a settled call stays in the intent ring until the next start",
                           {{"charge", receipt.id.value}, {"error", queued.error().message}});
        if (power)
            return queued.error();
    }
    return receipt;
}

void Till::give_back(const Hold& hold, Money amount) noexcept {
    hold.account_->release(amount);
    if (hold.budget_)
        hold.budget_->release(amount);
    if (hold.periods_)
        hold.periods_->release(amount);
}

void Till::release(Hold& hold) noexcept {
    give_back(hold, hold.amount_);
    ring_.release();
    end(hold);
}

void Till::end(Hold& hold) noexcept {
    hold.unlink();
    hold.till_ = nullptr;
}

Till::Swept Till::sweep(std::uint16_t turns_max) {
    ++turn_;
    Swept swept;
    while (!open_.empty()) {
        auto& hold = open_.oldest();
        // Modulo 65,536, of which none gets so old.
        if (static_cast<std::uint16_t>(turn_ - hold.turn_) < turns_max)
            break;
        give_back(hold, hold.amount_);
        ++swept.holds;
        swept.amount += hold.amount_;
        hold.amount_ = {};
        hold.unlink();
    }
    return swept;
}

void Till::committed(std::span<const storage::Appended> calls) noexcept {
    stored_slots_.clear();
    for (const auto& each : calls)
        stored_slots_.push_back(static_cast<std::uint32_t>(each.tag));
    books_.committed(calls);
    ring_.give_back(stored_slots_);
    if (committed_)
        committed_(calls);
}

}  // namespace obliv::billing
