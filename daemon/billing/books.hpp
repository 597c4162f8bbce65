#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/sharded_map.hpp"
#include "core/config/config.hpp"
#include "core/ledger/balance.hpp"
#include "core/ledger/low_water.hpp"
#include "core/storage/store.hpp"
#include "daemon/billing/guess_limit.hpp"
#include "daemon/billing/model_prices.hpp"
#include "daemon/billing/ring.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace obliv::billing {

class PeriodBudget;
class Sequence;

using config::Durability;
using config::Unpriced;

struct BooksOptions {
    std::string ring_path;
    std::uint32_t ring_slots = 65'536;
    unsigned loops = 1;
    Unpriced unpriced = Unpriced::by_account;
    Durability durability = Durability::process;
    std::int64_t fold_rows_max = 20'000;
    std::chrono::milliseconds roll_interval{10'000};  ///< between additions to the sums of reports
    std::chrono::milliseconds hold_limit{2 * 3'600'000};  ///< an older reservation goes back
    const Clock* clock = &real_clock();
};

/// Hash of a text that does not need a std::string to look one up.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

/// What reserve reads: never changed once published. The balances in it are shared by all views.
struct BooksView {
    struct Account {
        std::shared_ptr<ledger::Balance> balance;
        ledger::AccountKind kind;
        std::shared_ptr<ledger::LowWater> low;  ///< whoever watches balances sets its mark
        std::shared_ptr<const storage::Degraded> degraded;  ///< null: it never is
    };
    struct Token {
        std::shared_ptr<ledger::Balance> budget;
        bool limited = false;  ///< has a budget; otherwise the balance only counts what it spent
        /// Those of days and months that count its calls; null: none does.
        std::shared_ptr<const std::vector<std::shared_ptr<PeriodBudget>>> periods{};
        std::int64_t share = llm::whole_share;  ///< of every price, that its group pays
    };
    ShardedMap<AccountId, Account> accounts;
    ShardedMap<TokenId, Token> tokens;
    std::unordered_map<std::string, ModelPrices, TextHash, std::equal_to<>> prices;  ///< by model
    std::vector<std::shared_ptr<PeriodBudget>> budgets;
};

using GroupShares = std::map<std::string, std::int64_t, std::less<>>;

/// Calls, money and units, as somebody has counted them since the start.
struct Counted {
    std::int64_t calls = 0;
    Money billed;  ///< cost and loss
    std::int64_t units = 0;
};

/// A Counted that one thread adds to and any reads.
class alignas(64) Counter {
public:
    void add(const storage::Call& call) noexcept;
    void add_to(Counted& sum) const noexcept;

private:
    static void raise(std::atomic<std::int64_t>& figure, std::int64_t by) noexcept {
        figure.store(figure.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    std::atomic<std::int64_t> calls_{0};
    std::atomic<std::int64_t> billed_{0};
    std::atomic<std::int64_t> units_{0};
};

/// What the start found in the intent ring.
struct Recovery {
    std::int64_t replayed = 0;  ///< settled calls stored (again): harmless when they were stored
    std::int64_t released = 0;  ///< reservations of calls that the process had died with
    std::int64_t damaged = 0;   ///< unreadable slots; a copy lies beside the ring, `.damaged`
};

/// The books of the whole process: balances, prices, the sequence of event ids, the intent ring and
/// the folding. Safe from any thread; functions that say so block.
class Books {
public:
    /// Opens the ring, replays it into the store, folds, and loads every balance. Blocks. The
    /// database outlives the Books' use of it: stop its writer, then destroy Billings, Books,
    /// Database. conflict: another process has the ring.
    static Result<std::unique_ptr<Books>> open(storage::Database& database, BooksOptions options);
    ~Books();  // stops the store's writer, if nobody has

    /// What part of every price the tokens of a group pay, in millionths; others pay all of it.
    /// From the next refresh_tokens() on.
    void set_group_shares(GroupShares shares);

    /// Publish a change of accounts, tokens (and budgets) or prices: from now on every reserve sees
    /// it. Blocks for one read of the store. Balances and what is spent survive.
    Result<void> refresh_accounts();
    Result<void> refresh_tokens();
    Result<void> refresh_prices();
    /// The same for one account or token (and its budgets), also one that is gone.
    Result<void> refresh_account(AccountId id);
    Result<void> refresh_token(TokenId id);
    /// When the published prices will be out of date by themselves: refresh them then. Nothing:
    /// no price lies ahead.
    std::optional<WallTime> next_price_change() const;

    /// `amount` (more than zero) from funding to the account. Blocks until stored; published at
    /// once. A repeat of the operation id is a no-op and answers the first transfer. What is left
    /// of it at `expires_at` is booked out by expire(); before, it is spent before anything that
    /// lasts longer.
    Result<ledger::Transfer> topup(AccountId account, Money amount, std::string operation_id,
                                   std::string reason,
                                   std::optional<WallTime> expires_at = std::nullopt);
    /// The same with an amount of either sign (not zero): a negative one goes back to funding.
    /// conflict: the account does not have that much.
    Result<ledger::Transfer> adjust(AccountId account, Money amount, std::string operation_id,
                                    std::string reason);
    /// From one account to another, more than zero. conflict: the source does not have that much
    /// that does not expire.
    Result<ledger::Transfer> transfer(AccountId source, AccountId target, Money amount,
                                      std::string operation_id, std::string reason);

    /// Exchanges a code for its money, once; who asks again gets the first answer. not_found: no
    /// such code · conflict: used by somebody else, revoked, expired · rate_limited: the account
    /// was wrong too often. Blocks.
    Result<ledger::Transfer> redeem(std::string_view code, AccountId account, TokenId token);

    /// What an account has that expires, in the order in which it is spent. Blocks.
    Result<std::vector<ledger::Lot>> lots(AccountId account);
    /// Books out what has expired, account by account, and says how often. What running calls hold
    /// is left for a later time. Blocks.
    Result<std::int64_t> expire();

    /// Live figures, not the folded ones. Nothing: no such account or token. An account's balance
    /// is available + held; a token's `spent` counts since it was created. System accounts have
    /// only the folded balance of the store.
    std::optional<ledger::BalanceFigures> account_figures(AccountId account) const;
    std::optional<ledger::BalanceFigures> token_figures(TokenId token) const;

    /// What calls cost above what their payers had, since the start.
    Money losses() const noexcept { return Money::nanos(losses_.load(std::memory_order_relaxed)); }

    /// Null: there is none.
    std::shared_ptr<PeriodBudget> budget(storage::BudgetId id) const;

    /// Whom the writer's thread tells of every call that it has stored; must not block. Before the
    /// first reserve.
    using Stored = std::function<void(std::span<const storage::Appended>)>;
    void on_stored(Stored told) { on_stored_ = std::move(told); }

    /// LedgerStore::verify on a reader. Blocks.
    Result<storage::LedgerReport> verify();

    /// What the tills ended and the writer wrote, and, after bringing the store's sums up to date,
    /// what is stored: each counted for itself, since the start. stored() blocks.
    Counted ended() const noexcept;
    Counted written() const noexcept;
    Result<Counted> stored();
    /// A gap between them was found or has closed; `stop`: no call is reserved for until then.
    void set_gap(bool gap, bool stop) noexcept;
    bool gap() const noexcept { return gap_.load(std::memory_order_relaxed); }
    bool halted() const noexcept { return halted_.load(std::memory_order_relaxed); }
    Counter& counter(unsigned till) noexcept { return counters_[till]; }

    const Recovery& recovery() const noexcept { return recovery_; }
    /// Slots of the intent ring in use, of all loops.
    std::uint32_t ring_used() const noexcept { return ring_->used(); }
    std::uint32_t ring_slots() const noexcept { return ring_->slots(); }

    // For Till.
    std::shared_ptr<const BooksView> view() const;
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    /// Every id that was taken is below.
    ChargeId next_id() const noexcept { return ChargeId{next_id_.load(std::memory_order_relaxed)}; }
    /// Whoever takes a later one sees what was done to balances before an earlier one was taken.
    std::int64_t take_id() noexcept { return next_id_.fetch_add(1, std::memory_order_acq_rel); }
    const BooksOptions& options() const noexcept { return options_; }
    IntentRing& ring() noexcept { return *ring_; }
    storage::Writer& writer() noexcept { return database_.writer(); }

    /// Writer thread: checks the balances that the group touched and advances the fold limit.
    void committed(std::span<const storage::Appended> calls) noexcept;

private:
    /// What is stored together with a transfer.
    using Also = std::function<Result<void>(storage::Session&, const ledger::Transfer&)>;
    Books(storage::Database& database, BooksOptions options);
    Result<void> start();
    Result<void> replay();
    Result<void> refresh_budgets();
    BooksView::Account account_from(const storage::Account& row, const BooksView& before) const;
    BooksView::Token token_from(const storage::Token& row, const BooksView& before) const;
    Result<void> fold_all();
    Result<bool> roll_up(storage::Session& session, ChargeId limit);
    ChargeId fold_limit();
    std::shared_ptr<ledger::Balance> balance_of(AccountId account) const;
    Result<ledger::Transfer> move(ledger::Transfer transfer);
    Result<void> may_leave(const ledger::Transfer& transfer) const;
    Result<ledger::Transfer> book(ledger::Transfer transfer, const Also& also = {});
    Result<std::int64_t> expire(AccountId account, WallTime now);
    Result<storage::RedeemCode> find_code(std::string_view typed) const;
    template <typename Change>
    void publish(Change change);

    storage::Database& database_;
    BooksOptions options_;
    std::unique_ptr<IntentRing> ring_;
    std::unique_ptr<Sequence> sequence_;  // which ids are stored
    std::mutex refresh_mutex_;            // one refresh at a time
    std::mutex move_mutex_;               // one transfer at a time
    GuessLimit guesses_;                  // under move_mutex_
    GroupShares group_shares_;            // under refresh_mutex_
    mutable std::mutex view_mutex_;
    std::shared_ptr<const BooksView> view_;      // under view_mutex_
    std::optional<WallTime> next_price_change_;  // under view_mutex_
    Recovery recovery_;
    Stored on_stored_;      // the writer thread's, once calls come
    SteadyTime roll_at_{};  // the writer thread's, once it runs
    bool started_ = false;
    std::atomic<std::int64_t> next_id_{1};
    std::atomic<std::uint64_t> version_{0};
    std::atomic<std::int64_t> losses_{0};  // the writer thread adds
    std::atomic<bool> halted_{false};
    std::atomic<bool> gap_{false};
    std::unique_ptr<Counter[]> counters_;  // of each till
    Counter written_;                      // the writer thread's
    Counted stored_before_;                // by earlier runs
};

template <typename Change>
void Books::publish(Change change) {
    auto next = std::make_shared<BooksView>(*view());
    change(*next);
    std::lock_guard lock(view_mutex_);
    view_ = std::move(next);
    version_.fetch_add(1, std::memory_order_release);
}

}  // namespace obliv::billing
