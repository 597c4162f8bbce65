#pragma once

#include "core/base/result.hpp"
#include "core/base/seal.hpp"
#include "core/storage/accounts.hpp"
#include "core/storage/budgets.hpp"
#include "core/storage/captures.hpp"
#include "core/storage/channels.hpp"
#include "core/storage/ledger.hpp"
#include "core/storage/notices.hpp"
#include "core/storage/objects.hpp"
#include "core/storage/prices.hpp"
#include "core/storage/providers.hpp"
#include "core/storage/redeem_codes.hpp"
#include "core/storage/repeats.hpp"
#include "core/storage/responses.hpp"
#include "core/storage/tokens.hpp"
#include "core/storage/usage.hpp"
#include "core/storage/writer.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace obliv::storage {

/// One connection and the aggregates seen through it. Lent for the length of one function; used by
/// one thread at a time.
class Session {
public:
    virtual ~Session() = default;
    virtual TokenStore& tokens() = 0;
    virtual ChannelStore& channels() = 0;
    virtual PriceStore& prices() = 0;
    virtual ProviderStore& providers() = 0;
    virtual AccountStore& accounts() = 0;
    virtual UsageStore& usage() = 0;
    virtual LedgerStore& ledger() = 0;
    virtual ResponseStore& responses() = 0;
    virtual NoticeStore& notices() = 0;
    virtual ObjectStore& objects() = 0;
    virtual RepeatStore& repeats() = 0;
    virtual CaptureStore& captures() = 0;
    virtual RedeemCodeStore& redeem_codes() = 0;
    virtual BudgetStore& budgets() = 0;
};

struct Options {
    std::string path;            ///< the SQLite file; `-wal`, `-shm` and `.lock` lie beside it
    MasterKey master_key{};      ///< seals channel keys; another one than before is config_invalid
    int readers = 4;             ///< read-only connections, opened when first needed
    std::int64_t pages_max = 0;  ///< the file grows to this many pages at most; 0: no limit
    bool migrate = true;         ///< bring an older schema up to date when opening
    const Clock* clock = &real_clock();
    WriterOptions writer{};
};

struct MigrationInfo {
    int version = 0;
    std::string name;
};

/// The schema of a store beside what this program knows.
struct SchemaState {
    int current = 0;  ///< 0: empty, or no file yet
    int newest = 0;   ///< that this program knows
    std::vector<MigrationInfo> pending;
};

/// Reads the state of a store without changing anything. config_invalid: made by a newer program.
Result<SchemaState> schema_state(const Options& options);
/// Migrates up or down to `version`, one transaction for each step. conflict: a daemon has it open.
Result<SchemaState> migrate_to(const Options& options, int version);

/// An open store: one writer, a few readers. Safe from any thread; read and write block, so they
/// are for worker threads.
class Database {
public:
    /// Opens, creates or migrates. conflict: another process has it open for writing;
    /// config_invalid: a newer schema, or another master key.
    static Result<std::unique_ptr<Database>> open(const Options& options);
    ~Database();  // stops the writer

    /// Runs `use(Session&) -> Result<T>` on a read-only connection, in one snapshot.
    /// overloaded: none became free in five seconds.
    template <typename Use>
    auto read(Use&& use) -> decltype(use(std::declval<Session&>())) {
        using Answer = decltype(use(std::declval<Session&>()));
        Answer answer;
        auto done = run_read([&](Session& session) {
            answer = use(session);
            return ok();
        });
        if (!done)
            return done.error();
        return answer;
    }

    /// Runs `use(Session&) -> Result<T>` on the writer thread and returns when it is on disk. An
    /// error of `use` undoes what it wrote. `use` must not call read or write.
    template <typename Use>
    auto write(Use&& use) -> decltype(use(std::declval<Session&>())) {
        using Answer = decltype(use(std::declval<Session&>()));
        Answer answer;
        auto done = run_write([&](Session& session) -> Result<void> {
            answer = use(session);
            if (!answer)
                return Error(answer.error());
            return ok();
        });
        if (!done)
            return done.error();
        return answer;
    }

    /// The bulk lane of settled calls, and the state of the writer. See Writer.
    Writer& writer() noexcept;

private:
    struct Impl;
    explicit Database(std::unique_ptr<Impl> impl);
    Result<void> run_read(const std::function<Result<void>(Session&)>& use);
    Result<void> run_write(std::function<Result<void>(Session&)> use);

    std::unique_ptr<Impl> impl_;
};

}  // namespace obliv::storage
