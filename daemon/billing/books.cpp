#include "daemon/billing/books.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "daemon/billing/period_budget.hpp"
#include "daemon/billing/sequence.hpp"

#include <algorithm>

namespace obliv::billing {
namespace {

constexpr std::size_t replay_rows = 512;

using ledger::AccountKind;
using ledger::Balance;

std::shared_ptr<Balance> balance_from(const storage::Account& row) {
    return std::make_shared<Balance>(row.balance, Money{},
                                     ledger::floor_of(row.kind, row.credit_limit));
}

/// What the last view had for the id; empty if it had nothing.
template <typename Key, typename Value>
Value known(const ShardedMap<Key, Value>& map, Key id) {
    const auto* found = map.find(id);
    return found == nullptr ? Value{} : *found;
}

/// What the store has counted since its first charge.
Result<Counted> counted(storage::Session& session) {
    auto totals = session.ledger().totals();
    if (!totals)
        return totals.error();
    return Counted{totals->charges, totals->billed, totals->units};
}

}  // namespace

void Counter::add(const storage::Call& call) noexcept {
    const auto& usage = call.usage;
    raise(calls_, 1);
    raise(billed_, call.cost.nanos() + call.loss.nanos());
    raise(units_, usage.input_all() + usage.output_all() + usage.units_all());
}

void Counter::add_to(Counted& sum) const noexcept {
    sum.calls += calls_.load(std::memory_order_relaxed);
    sum.billed += Money::nanos(billed_.load(std::memory_order_relaxed));
    sum.units += units_.load(std::memory_order_relaxed);
}

Books::Books(storage::Database& database, BooksOptions options)
    : database_(database), options_(std::move(options)), sequence_(std::make_unique<Sequence>()),
      view_(std::make_shared<BooksView>()), counters_(new Counter[options_.loops]) {}

Books::~Books() {
    // The writer's chore is ours.
    if (started_)
        database_.writer().stop();
}

Result<std::unique_ptr<Books>> Books::open(storage::Database& database, BooksOptions options) {
    if (options.ring_slots < options.loops || options.ring_slots > database.writer().calls_max())
        return fail(Code::config_invalid,
                    "the intent ring has " + std::to_string(options.ring_slots) +
                        " slots: at least one for each loop is needed, and at most " +
                        std::to_string(database.writer().calls_max()) + " can be stored at once");
    std::unique_ptr<Books> books(new Books(database, std::move(options)));
    auto done = books->start();
    if (!done)
        return done.error();
    return books;
}

Result<void> Books::start() {
    auto ring = IntentRing::open(options_.ring_path);
    if (!ring)
        return ring.error();
    ring_ = std::move(*ring);
    if (auto done = replay(); !done)
        return std::move(done.error()).in("replaying the intent ring");
    auto resolved = database_.write(
        [](storage::Session& session) { return session.objects().resolve_marks(); });
    if (!resolved)
        return std::move(resolved.error()).in("looking for the charges of batches");
    auto newest =
        database_.read([](storage::Session& session) { return session.ledger().newest_id(); });
    if (!newest)
        return newest.error();
    // The ring was replayed, so the store knows every id that was ever acknowledged.
    next_id_ = *newest + 1;
    sequence_->start_at(*newest);
    if (auto done = fold_all(); !done)
        return std::move(done.error()).in("folding charges into balances");
    auto before = database_.read([](storage::Session& session) { return counted(session); });
    if (!before)
        return before.error();
    stored_before_ = *before;
    // Only now: the contents are stored.
    if (auto done = ring_->start(options_.ring_slots, options_.loops); !done)
        return done;
    for (auto refresh : {&Books::refresh_accounts, &Books::refresh_tokens, &Books::refresh_prices})
        if (auto done = (this->*refresh)(); !done)
            return done;
    // What expired while nobody was there.
    if (auto done = expire(); !done)
        return std::move(done.error()).in("booking out what has expired");
    started_ = true;
    database_.writer().set_chore([this](storage::Session& session) -> Result<bool> {
        auto limit = fold_limit();
        auto step = session.ledger().fold(limit, options_.fold_rows_max);
        if (!step)
            return step.error();
        auto more = roll_up(session, limit);
        if (!more)
            return more;
        return step->more || *more;
    });
    return ok();
}

ChargeId Books::fold_limit() {
    return sequence_->limit();
}

/// Less often than the fold: each time costs two rows for each kind of call that there was.
Result<bool> Books::roll_up(storage::Session& session, ChargeId limit) {
    auto now = options_.clock->steady();
    if (now < roll_at_)
        return false;
    auto step = session.ledger().roll_up(limit, options_.fold_rows_max);
    if (!step)
        return step.error();
    if (step->rows > 0 && !step->more)
        roll_at_ = now + options_.roll_interval;
    return step->more;
}

Result<void> Books::replay() {
    auto contents = ring_->take_contents();
    recovery_.released = contents.open;
    recovery_.damaged = static_cast<std::int64_t>(contents.damaged.size());
    for (const auto& slot : contents.damaged)
        log::write(log::Level::err, "a slot of the intent ring cannot be read; a copy is kept",
                   {{"ring", options_.ring_path}, {"slot", slot}});
    std::vector<const storage::Call*> rows;
    for (const auto& call : contents.settled)
        rows.push_back(&call);
    for (std::size_t first = 0; first < rows.size(); first += replay_rows) {
        auto part = std::span(rows).subspan(first, std::min(replay_rows, rows.size() - first));
        auto done = database_.write(
            [&](storage::Session& session) { return session.ledger().append(part); });
        if (!done)
            return done;
        recovery_.replayed += static_cast<std::int64_t>(part.size());
    }
    return ok();
}

Result<void> Books::fold_all() {
    auto limit = fold_limit();
    for (auto step_of : {&storage::LedgerStore::fold, &storage::LedgerStore::roll_up})
        for (bool more = true; more;) {
            auto step = database_.write([&](storage::Session& session) {
                return (session.ledger().*step_of)(limit, options_.fold_rows_max);
            });
            if (!step)
                return step.error();
            more = step->more;
        }
    return ok();
}

std::shared_ptr<const BooksView> Books::view() const {
    std::lock_guard lock(view_mutex_);
    return view_;
}

BooksView::Account Books::account_from(const storage::Account& row, const BooksView& before) const {
    auto account = known(before.accounts, row.id);
    if (account.balance) {
        account.balance->set_floor(ledger::floor_of(row.kind, row.credit_limit));
    } else {
        account.balance = balance_from(row);
        account.low = std::make_shared<ledger::LowWater>(account.balance);
    }
    account.kind = row.kind;
    if (!row.degraded.any())
        account.degraded.reset();
    else if (!account.degraded || *account.degraded != row.degraded)
        account.degraded = std::make_shared<const storage::Degraded>(row.degraded);
    return account;
}

Result<void> Books::refresh_accounts() {
    std::lock_guard lock(refresh_mutex_);
    auto rows = database_.read([](storage::Session& session) { return session.accounts().all(); });
    if (!rows)
        return rows.error();
    auto before = view();
    publish([&](BooksView& next) {
        next.accounts = {};
        for (const auto& row : *rows)
            // System accounts are the other side of every call: only the fold moves them.
            if (row.kind != AccountKind::system)
                next.accounts.set(row.id, account_from(row, *before));
    });
    // Their days begin by the clocks of accounts.
    return refresh_budgets();
}

Result<void> Books::refresh_account(AccountId id) {
    std::lock_guard lock(refresh_mutex_);
    auto row =
        database_.read([&](storage::Session& session) { return session.accounts().get(id); });
    if (!row && row.error().code != Code::not_found)
        return row.error();
    auto before = view();
    publish([&](BooksView& next) {
        if (row && row->kind != AccountKind::system)
            next.accounts.set(id, account_from(*row, *before));
        else
            next.accounts.erase(id);
    });
    // Those whose days may begin by its clocks.
    auto user = row ? row->user.value : 0;
    bool own = std::any_of(before->budgets.begin(), before->budgets.end(), [&](const auto& budget) {
        const auto& about = budget->row();
        return about.scope == storage::BudgetScope::token ||
               (about.scope == storage::BudgetScope::account && about.subject == id.value) ||
               (about.scope == storage::BudgetScope::user && about.subject == user);
    });
    return own ? refresh_budgets() : ok();
}

void Books::set_group_shares(GroupShares shares) {
    std::lock_guard lock(refresh_mutex_);
    group_shares_ = std::move(shares);
}

BooksView::Token Books::token_from(const storage::Token& row, const BooksView& before) const {
    auto granted = row.budget.value_or(Money{});
    auto floor = row.budget ? Money{} : Balance::bottomless;
    auto token = known(before.tokens, row.id);
    if (token.budget) {
        token.budget->set_granted(granted);
        token.budget->set_floor(floor);
    } else {
        token.budget = std::make_shared<Balance>(granted, row.spent, floor);
    }
    token.limited = row.budget.has_value();
    auto group = group_shares_.find(row.group);
    token.share = group == group_shares_.end() ? llm::whole_share : group->second;
    return token;
}

Result<void> Books::refresh_tokens() {
    std::lock_guard lock(refresh_mutex_);
    auto rows = database_.read([](storage::Session& session) { return session.tokens().all(); });
    if (!rows)
        return rows.error();
    auto before = view();
    publish([&](BooksView& next) {
        next.tokens = {};
        for (const auto& row : *rows)
            next.tokens.set(row.id, token_from(row, *before));
    });
    return refresh_budgets();
}

Result<void> Books::refresh_token(TokenId id) {
    std::lock_guard lock(refresh_mutex_);
    auto row = database_.read([&](storage::Session& session) { return session.tokens().get(id); });
    if (!row && row.error().code != Code::not_found)
        return row.error();
    auto before = view();
    publish([&](BooksView& next) {
        if (!row) {
            next.tokens.erase(id);
            return;
        }
        auto token = token_from(*row, *before);
        token.periods = periods_of(*row, before->budgets);
        next.tokens.set(id, std::move(token));
    });
    // A budget of this very token goes by the clocks of the account that pays for it.
    bool own = std::any_of(before->budgets.begin(), before->budgets.end(), [&](const auto& budget) {
        return budget->row().scope == storage::BudgetScope::token &&
               budget->row().subject == id.value;
    });
    return own ? refresh_budgets() : ok();
}

Result<void> Books::refresh_prices() {
    std::lock_guard lock(refresh_mutex_);
    auto now = options_.clock->wall();
    std::optional<WallTime> next_change;
    // Both of one snapshot: a price that comes in between is in one of them.
    using Rows = std::vector<storage::PriceRow>;
    auto rows = database_.read([&](storage::Session& session) -> Result<Rows> {
        auto ahead = session.prices().next_change(now);
        if (!ahead)
            return ahead.error();
        next_change = *ahead;
        return session.prices().current(now);
    });
    if (!rows)
        return rows.error();
    publish([&](BooksView& next) {
        next.prices.clear();
        for (const auto& row : *rows)
            next.prices[row.model].add(row.channel, row.variant, row.price);
    });
    std::lock_guard view_lock(view_mutex_);
    next_price_change_ = next_change;
    return ok();
}

std::optional<WallTime> Books::next_price_change() const {
    std::lock_guard lock(view_mutex_);
    return next_price_change_;
}

std::optional<ledger::BalanceFigures> Books::account_figures(AccountId account) const {
    auto balance = known(view()->accounts, account).balance;
    if (!balance)
        return std::nullopt;
    return balance->figures();
}

std::optional<ledger::BalanceFigures> Books::token_figures(TokenId token) const {
    auto budget = known(view()->tokens, token).budget;
    if (!budget)
        return std::nullopt;
    return budget->figures();
}

Result<storage::LedgerReport> Books::verify() {
    return database_.read([](storage::Session& session) { return session.ledger().verify(); });
}

Counted Books::ended() const noexcept {
    Counted sum;
    for (unsigned i = 0; i < options_.loops; ++i)
        counters_[i].add_to(sum);
    return sum;
}

Counted Books::written() const noexcept {
    Counted sum;
    written_.add_to(sum);
    return sum;
}

Result<Counted> Books::stored() {
    if (auto summed = fold_all(); !summed)
        return summed.error();
    auto now = database_.read([](storage::Session& session) { return counted(session); });
    if (!now)
        return now;
    now->calls -= stored_before_.calls;
    now->billed -= stored_before_.billed;
    now->units -= stored_before_.units;
    return now;
}

void Books::set_gap(bool gap, bool stop) noexcept {
    gap_ = gap;
    halted_ = gap && stop;
}

void Books::committed(std::span<const storage::Appended> calls) noexcept {
    auto now = view();
    AccountId last;
    Money lost;
    for (const auto& each : calls) {
        written_.add(each.call);
        lost = checked_add(lost, each.call.loss).value_or(lost);
        if (each.call.account == last)
            continue;
        last = each.call.account;
        const auto* account = now->accounts.find(last);
        if (account == nullptr)
            continue;
        bool exact = false;
        auto figures = account->balance->figures(&exact);
        check(!exact || figures.agree(), "granted is available, held and spent together");
    }
    if (lost > Money{})
        losses_.fetch_add(lost.nanos(), std::memory_order_relaxed);
    sequence_->finished(calls);
    if (on_stored_)
        on_stored_(calls);
}

}  // namespace obliv::billing
