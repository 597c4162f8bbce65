#include "daemon/app/notice_desk.hpp"

#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "daemon/billing/period_budget.hpp"

namespace obliv::daemon {
namespace {

using notices::Notice;
using notices::Severity;

constexpr std::chrono::seconds losses_pause{60};

Severity severity_of(channels::EventKind kind) {
    using channels::EventKind;
    switch (kind) {
    case EventKind::recovered:
    case EventKind::restored:
    case EventKind::key_wakes:
        return Severity::info;
    case EventKind::disabled:
    case EventKind::all_rest:
        return Severity::critical;
    default:
        return Severity::warning;
    }
}

std::string_view words_of(channels::EventKind kind) {
    using channels::EventKind;
    switch (kind) {
    case EventKind::opened:
        return "its circuit breaker has opened";
    case EventKind::recovered:
        return "its circuit breaker has closed again";
    case EventKind::disabled:
        return "the health checks found it dead";
    case EventKind::restored:
        return "it answers again";
    case EventKind::key_rests:
        return "a key of it rests";
    case EventKind::key_wakes:
        return "a key of it works again";
    case EventKind::all_rest:
        break;
    }
    return "it has no usable key left";
}

std::string words_of(const storage::Degraded& rules) {
    std::string words;
    auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
    for (const auto& [asked, instead] : rules.models)
        add(instead + " instead of " + asked);
    if (rules.requests_per_minute > 0)
        add(std::to_string(rules.requests_per_minute) + " requests a minute with each token");
    if (rules.concurrent_max > 0)
        add(std::to_string(rules.concurrent_max) + " calls at once with each token");
    return words + ".";
}

}  // namespace

NoticeDesk::NoticeDesk(storage::Database& database, billing::Books& books,
                       const config::Notices& config)
    : database_(database), books_(books), interval_(config.balance_interval),
      outlets_(make_outlets(config)) {}

NoticeDesk::~NoticeDesk() {
    stop();
}

void NoticeDesk::start() {
    auto marks =
        database_.read([](storage::Session& session) { return session.notices().marks(); });
    if (marks)
        for (const auto& mark : *marks)
            restore(mark);
    look_at_balances();
    look_at_budgets();
    budgets_.started();
    thread_ = std::thread([this] { watch(); });
}

/// Whoever was degraded when the daemon ended has been told of.
void NoticeDesk::restore(const storage::BalanceMarkRow& mark) {
    balances_.restore({mark.account, mark.full, mark.level});
    auto view = books_.view();
    const auto* account = view->accounts.find(mark.account);
    if (account == nullptr || !account->degraded)
        return;
    account->low->set(notices::low_mark(mark.full));
    if (account->low->reached())
        degraded_.insert(mark.account);
}

void NoticeDesk::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable())
        thread_.join();
    // All at once: each may have to wait for a delivery that is under way.
    for (const auto& outlet : outlets_)
        outlet->end_soon();
    for (const auto& outlet : outlets_)
        outlet->stop();
}

void NoticeDesk::channel_event(const channels::Event& event) {
    Notice notice;
    notice.kind = "channel." + std::string(name_of(event.kind));
    notice.severity = severity_of(event.kind);
    notice.subject = event.name;
    notice.title = "channel " + event.name + ": " + std::string(words_of(event.kind));
    if (!event.model.empty())
        notice.title += " for " + event.model;
    notice.title = visible(notice.title);
    notice.text = visible(event.detail);
    tell(std::move(notice));
}

void NoticeDesk::tell(Notice notice) {
    notice.time = real_clock().wall();
    notice.id = new_sortable_id(notice.time);
    storage::NoticeRow row{0,
                           notice.id,
                           notice.time,
                           notice.kind,
                           std::string(name_of(notice.severity)),
                           notice.subject,
                           notice.title,
                           notice.text};
    auto stored =
        database_.write([&](storage::Session& session) { return session.notices().append(row); });
    if (!stored)
        log::write(
            log::Level::err, "a notice could not be stored",
            {{"notice", notice.id}, {"title", notice.title}, {"why", stored.error().message}});
    for (const auto& outlet : outlets_)
        outlet->put(notice);
}

std::vector<admin::NoticeTest> NoticeDesk::test() {
    Notice notice;
    notice.time = real_clock().wall();
    notice.id = new_sortable_id(notice.time);
    notice.kind = "test";
    notice.title = "a notice to see whether notices arrive";
    notice.text = "Somebody asked oblivd to send it. There is nothing to do.";
    std::vector<admin::NoticeTest> out;
    for (const auto& outlet : outlets_) {
        auto done = outlet->deliver_now(notice);
        out.push_back({outlet->name(), done ? std::string() : done.error().message});
    }
    return out;
}

void NoticeDesk::watch() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
        lock.unlock();
        look_at_store();
        look_at_balances();
        look_at_budgets();
        look_at_losses();
        lock.lock();
    }
}

void NoticeDesk::look_at_store() {
    auto stats = database_.writer().stats();
    if (stats.failing == store_failing_)
        return;
    store_failing_ = stats.failing;
    Notice notice;
    notice.kind = stats.failing ? "store.failing" : "store.restored";
    notice.severity = stats.failing ? Severity::critical : Severity::info;
    notice.title = stats.failing ? "the store cannot be written: new calls are refused"
                                 : "the store can be written again";
    if (stats.failing)
        notice.text = visible(stats.last_error) +
                      ". Calls that have been charged are kept and "
                      "stored as soon as the disk works again: " +
                      std::to_string(stats.calls_queued) + " are waiting.";
    tell(std::move(notice));
}

void NoticeDesk::look_at_balances() {
    auto view = books_.view();
    Looked looked;
    view->accounts.each([&](AccountId id, const auto& account) { look_at(id, account, looked); });
    act_on(looked);
}

void NoticeDesk::look_at(AccountId account) {
    auto view = books_.view();
    Looked looked;
    if (const auto* found = view->accounts.find(account))
        look_at(account, *found, looked);
    act_on(looked);
}

void NoticeDesk::look_at(AccountId id, const billing::BooksView::Account& account, Looked& looked) {
    if (account.kind != ledger::AccountKind::prepaid &&
        account.kind != ledger::AccountKind::credit) {
        account.low->set(notices::low_mark(Money{}));
        std::lock_guard lock(balances_mutex_);
        if (degraded_.erase(id) > 0)
            looked.turns.push_back({id, nullptr});
        return;
    }
    std::lock_guard lock(balances_mutex_);
    auto spendable = account.balance->spendable();
    std::optional<int> step;
    auto mark = balances_.look(id, spendable, step);
    if (mark)
        looked.marks.push_back({mark->account, mark->full, mark->level});
    if (step)
        looked.steps.push_back({id, spendable, mark->full, *step});
    look_whether_degraded(id, account, looked);
}

/// Under balances_mutex_, after a look at the balance.
void NoticeDesk::look_whether_degraded(AccountId id, const billing::BooksView::Account& account,
                                       Looked& looked) {
    account.low->set(notices::low_mark(balances_.find(id)->full));
    bool before = degraded_.contains(id);
    bool now = account.degraded && account.low->reached();
    if (now == before)
        return;
    if (now)
        degraded_.insert(id);
    else
        degraded_.erase(id);
    looked.turns.push_back({id, now ? account.degraded : nullptr});
}

void NoticeDesk::act_on(const Looked& looked) {
    keep_marks(looked);
    for (const auto& step : looked.steps)
        tell_balance(step);
    for (const auto& turn : looked.turns)
        tell_turn(turn);
}

/// One write for all: at the first start every account is new.
void NoticeDesk::keep_marks(const Looked& looked) {
    if (looked.marks.empty())
        return;
    auto stored = database_.write([&](storage::Session& session) -> Result<void> {
        for (const auto& mark : looked.marks)
            if (auto done = session.notices().set_mark(mark); !done)
                return done;
        return ok();
    });
    if (!stored)
        log::write_limited(log::Level::warning, "balance_mark_not_stored",
                           "after a restart an account may be told of again",
                           {{"why", stored.error().message}});
}

std::string NoticeDesk::account_name(AccountId account) const {
    auto row =
        database_.read([&](storage::Session& session) { return session.accounts().get(account); });
    return row ? row->name : account.text();
}

void NoticeDesk::tell_balance(const Looked::Step& step) {
    auto name = account_name(step.account);
    Notice notice;
    notice.kind = step.percent == 0 ? "balance.empty" : "balance.low";
    notice.severity = step.percent == 0 ? Severity::critical : Severity::warning;
    notice.subject = name;
    notice.title =
        visible("account " + name + ": " +
                (step.percent == 0 ? std::string("nothing is left")
                                   : "at most " + std::to_string(step.percent) + " % is left"));
    notice.text = step.left.text() + " USD of " + step.full.text() + " USD can still be spent.";
    tell(std::move(notice));
}

void NoticeDesk::tell_turn(const Looked::Turn& turn) {
    auto name = account_name(turn.account);
    Notice notice;
    notice.kind = turn.rules ? "account.degraded" : "account.restored";
    notice.severity = turn.rules ? Severity::warning : Severity::info;
    notice.subject = name;
    notice.title = visible("account " + name + ": its calls are " +
                           (turn.rules ? "degraded" : "served as they are asked again"));
    if (turn.rules)
        notice.text =
            visible("At most 5 % is left. Until money comes in: " + words_of(*turn.rules));
    tell(std::move(notice));
}

void NoticeDesk::look_at_budgets() {
    auto view = books_.view();
    std::vector<BudgetStep> steps;
    auto look = [&](const std::string& key, const std::string& name, const ledger::Balance& balance,
                    std::optional<ledger::Period> when) {
        auto figures = balance.figures();
        auto left = checked_add(figures.available, figures.held).value_or(figures.available);
        auto begin = when ? when->begin : WallTime{};
        if (auto step = budgets_.look(key, begin, left, figures.granted))
            steps.push_back({name, left, figures.granted, *step,
                             when ? std::optional(when->end) : std::nullopt});
    };
    view->tokens.each([&](TokenId id, const auto& token) {
        if (token.limited)
            look("t" + id.text(), "the budget of token " + id.text(), *token.budget, std::nullopt);
    });
    for (const auto& budget : view->budgets) {
        auto period = budget->at(real_clock().wall());
        look("b" + budget->row().id.text(), period->name, period->balance, period->when);
    }
    for (const auto& step : steps)
        tell_budget(step);
}

void NoticeDesk::tell_budget(const BudgetStep& step) {
    Notice notice;
    notice.kind = step.percent == 0 ? "budget.empty" : "budget.low";
    notice.severity = step.percent == 0 ? Severity::critical : Severity::warning;
    notice.subject = step.name;
    notice.title =
        visible(step.name + ": " +
                (step.percent == 0 ? std::string("nothing is left")
                                   : "at most " + std::to_string(step.percent) + " % is left"));
    notice.text = step.left.text() + " USD of " + step.full.text() + " USD can still be spent.";
    if (step.until)
        notice.text += " It begins anew at " + rfc3339(*step.until) + ".";
    tell(std::move(notice));
}

/// At the first loss at once, then once in a while: an attack must not become a flood of notices.
void NoticeDesk::look_at_losses() {
    auto losses = books_.losses();
    auto now = real_clock().steady();
    if (losses == losses_told_ || (losses_told_at_ && now - *losses_told_at_ < losses_pause))
        return;
    Notice notice;
    notice.kind = "loss.booked";
    notice.severity = Severity::warning;
    notice.title =
        "calls cost " + (losses - losses_told_).text() + " USD more than their payers had";
    notice.text = "It is booked as the operator's loss. `obliv usage tail` shows the calls, and "
                  "`obliv account get loss` the sum.";
    losses_told_ = losses;
    losses_told_at_ = now;
    tell(std::move(notice));
}

}  // namespace obliv::daemon
