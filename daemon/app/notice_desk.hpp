#pragma once

#include "core/config/config.hpp"
#include "core/storage/store.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/channels/events.hpp"
#include "daemon/notices/balance_watch.hpp"
#include "daemon/notices/budget_watch.hpp"
#include "daemon/notices/outlet.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace obliv::daemon {

/// Where all notices come together: each is a row of the store, and goes to every receiver that the
/// configuration names. Watches the balances on a thread of its own.
class NoticeDesk {
public:
    NoticeDesk(storage::Database& database, billing::Books& books, const config::Notices& config);
    ~NoticeDesk();  // as stop()

    /// Looks at the balances, and watches them from then on. Blocks for the store.
    void start();
    /// What receivers have not got by then is lost, and logged. Idempotent.
    void stop();

    /// Something happened to a channel. Blocks for the store.
    void channel_event(const channels::Event& event);
    /// Blocks for the store, not for the receivers.
    void tell(notices::Notice notice);
    /// Looks at one account now: after money came in, so that its share is counted from there even
    /// if it is spent at once. Blocks for the store.
    void look_at(AccountId account);
    /// Sends one to every receiver and waits for what they say.
    std::vector<admin::NoticeTest> test();

    const std::vector<std::unique_ptr<notices::Outlet>>& outlets() const noexcept {
        return outlets_;
    }

private:
    void restore(const storage::BalanceMarkRow& mark);
    void watch();
    /// Tells when the store cannot be written any more, and when it can again.
    void look_at_store();
    /// What a look at the accounts came to.
    struct Looked {
        struct Step {
            AccountId account;
            Money left;
            Money full;
            int percent;
        };
        /// Its calls begin to be degraded, or no longer are.
        struct Turn {
            AccountId account;
            std::shared_ptr<const storage::Degraded> rules;  ///< null: no longer
        };
        std::vector<storage::BalanceMarkRow> marks;
        std::vector<Step> steps;
        std::vector<Turn> turns;
    };
    void look_at_balances();
    void look_at(AccountId id, const billing::BooksView::Account& account, Looked& looked);
    void act_on(const Looked& looked);
    /// A budget, of a token for good or of a period, that has reached a step.
    struct BudgetStep {
        std::string name;
        Money left;
        Money full;
        int percent;
        std::optional<WallTime> until;
    };
    void look_at_budgets();
    void tell_budget(const BudgetStep& step);
    void look_at_losses();
    void look_whether_degraded(AccountId id, const billing::BooksView::Account& account,
                               Looked& looked);
    void keep_marks(const Looked& looked);
    std::string account_name(AccountId account) const;
    void tell_balance(const Looked::Step& step);
    void tell_turn(const Looked::Turn& turn);

    storage::Database& database_;
    billing::Books& books_;
    std::chrono::milliseconds interval_;
    std::vector<std::unique_ptr<notices::Outlet>> outlets_;
    bool store_failing_ = false;  // the watching thread's
    std::mutex balances_mutex_;
    notices::BalanceWatch balances_;          // guarded by balances_mutex_
    std::unordered_set<AccountId> degraded_;  // guarded by balances_mutex_; told of
    notices::BudgetWatch budgets_;            // the watching thread's, after the start
    Money losses_told_;                       // likewise
    std::optional<SteadyTime> losses_told_at_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

/// Those that the configuration names.
std::vector<std::unique_ptr<notices::Outlet>> make_outlets(const config::Notices& config);

}  // namespace obliv::daemon
