#pragma once

#include "core/ledger/entries.hpp"
#include "core/ledger/lots.hpp"
#include "core/storage/page.hpp"
#include "core/storage/usage.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

using ledger::Entry;
using ledger::EntryKind;
using ledger::Transfer;

struct EntryFilter {
    AccountId account;  ///< none: every account
    ChargeId call;      ///< none: every event
};

/// What became of an account's balance in a span of time: `closing = opening + in - out - charged`.
struct Statement {
    Money opening;
    Money in;
    Money out;
    Money charged;
    Money closing;
    std::int64_t calls = 0;  ///< that cost something
    std::int64_t transfers = 0;
};

/// One line of it. Calls that cost nothing have none.
struct StatementLine {
    std::int64_t id = 0;  ///< of the charge or transfer
    WallTime time{};
    EntryKind kind = EntryKind::settle;
    Money amount;  ///< less than zero: the account paid
    std::string request_id;
    std::string model;
    std::string reason;
};

/// What a fold did.
struct FoldStep {
    ChargeId watermark;     ///< every charge up to here is in the stored balances
    std::int64_t rows = 0;  ///< charges folded by this step
    bool more = false;      ///< stored charges up to the limit are left
};

/// Running totals that are kept with the fold and the roll-up, since the first charge ever.
struct LedgerTotals {
    std::int64_t charges = 0;  ///< folded
    Money billed;              ///< their cost and loss
    std::int64_t rows = 0;     ///< rolled up
    std::int64_t units = 0;    ///< of every kind, of the rows
};

/// What verify found. `problems` holds at most a hundred sentences, the last of which counts the
/// rest.
struct LedgerReport {
    std::int64_t accounts = 0;
    std::int64_t charges = 0;
    std::int64_t transfers = 0;
    std::int64_t usage_rows = 0;
    std::int64_t retired = 0;  ///< charges whose usage rows retention has removed
    std::vector<std::string> problems;
    bool ok() const noexcept { return problems.empty(); }
};

/// The books. Charges and transfers are appended, never changed. Reads work on every session,
/// writes on the writer's session only.
class LedgerStore {
public:
    virtual ~LedgerStore() = default;

    /// Stores each call as a charge and a usage row under `call.id`. A call that is stored already
    /// is left as it is, so that replaying is harmless; the same id with another request is
    /// `corrupt`.
    virtual Result<void> append(std::span<const Call* const> calls) = 0;

    /// Books a transfer and both balances. When its operation id is known already nothing changes,
    /// and the answer is the first transfer: its `id` tells. not_found: an account does not exist.
    virtual Result<Transfer> transfer(const Transfer& transfer) = 0;
    virtual Result<std::optional<Transfer>> find_transfer(std::string_view operation_id) = 0;

    /// Lots of the account that are not spent, in the order in which they are. Both are as of the
    /// fold watermark: `leaving` is what transfers took out of the lots since.
    virtual Result<std::vector<ledger::Lot>> lots(AccountId account) = 0;
    virtual Result<Money> leaving(AccountId account) = 0;
    /// Accounts behind `after` with unspent lots that have expired, in the order of their ids.
    virtual Result<std::vector<AccountId>> expired(WallTime now, AccountId after,
                                                   int count_max) = 0;

    /// Entries of both, in the order of their ids; `limit` and `after` count entries.
    virtual Result<Page<Entry>> entries(const EntryFilter& filter, const PageRequest& request) = 0;

    /// Of the events whose time is in [since, until). Reads every charge of the store.
    virtual Result<Statement> statement(AccountId account, WallTime since, WallTime until) = 0;
    /// In the order of ids.
    virtual Result<Page<StatementLine>> statement_lines(AccountId account, WallTime since,
                                                        WallTime until,
                                                        const PageRequest& request) = 0;

    /// Adds at most `rows_max` charges with ids up to `limit` to the stored balances and to what
    /// tokens spent, takes them out of lots, and moves the watermark behind them. No charge with an
    /// id up to `limit` may be stored later.
    virtual Result<FoldStep> fold(ChargeId limit, std::int64_t rows_max) = 0;
    virtual Result<ChargeId> watermark() = 0;
    /// Adds usage rows up to `limit` to the sums by hour and by day, each row once. The same
    /// conditions as for fold(); at most `rows_max` rows are read for it.
    virtual Result<FoldStep> roll_up(ChargeId limit, std::int64_t rows_max) = 0;
    virtual Result<LedgerTotals> totals() = 0;

    /// The largest id of a charge or a transfer; none: there is none yet.
    virtual Result<std::int64_t> newest_id() = 0;

    /// Recomputes everything from the rows, in memory that does not grow with them.
    virtual Result<LedgerReport> verify() = 0;
};

}  // namespace obliv::storage
