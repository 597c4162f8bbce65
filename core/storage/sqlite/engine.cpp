#include "core/storage/sqlite/engine.hpp"

#include "core/storage/sqlite/migrate.hpp"
#include "core/storage/sqlite/stores.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace obliv::storage::sqlite {
namespace {

/// Keeps every other process from writing. A file of its own: closing any descriptor of the store
/// itself would drop SQLite's locks on it.
class StoreLock {
public:
    static Result<std::unique_ptr<StoreLock>> take(const std::string& store) {
        auto path = store + ".lock";
        int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (descriptor < 0)
            return fail(Code::io, "cannot create " + path +
                                      ": the folder has to exist and to be "
                                      "writable");
        std::unique_ptr<StoreLock> lock(new StoreLock(descriptor));
        if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
            return fail(Code::conflict, "the store " + store +
                                            " is in use by another process: stop that one first");
        return lock;
    }
    ~StoreLock() { ::close(descriptor_); }
    StoreLock(const StoreLock&) = delete;
    StoreLock& operator=(const StoreLock&) = delete;

private:
    explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

/// A connection and the session over it.
struct Opened {
    Opened(std::unique_ptr<Connection> opened, const MasterKey& key, const Clock& clock)
        : connection(std::move(opened)), context{*connection, key, clock}, session(context) {}
    std::unique_ptr<Connection> connection;
    Context context;
    SqliteSession session;
};

class SqliteWriter final : public WriteEngine {
public:
    SqliteWriter(std::unique_ptr<Connection> connection, const MasterKey& key, const Clock& clock)
        : opened_(std::move(connection), key, clock) {}

    Session& session() override { return opened_.session; }
    Result<void> begin() override { return run("BEGIN IMMEDIATE"); }
    Result<void> commit() override { return run("COMMIT"); }
    // Some errors (a full disk) have rolled back already; then this one fails, and says nothing.
    void rollback() noexcept override {
        (void)run("ROLLBACK");
        opened_.session.rolled_back();
    }
    Result<void> savepoint() override { return run("SAVEPOINT job"); }
    Result<void> release_savepoint() override { return run("RELEASE job"); }
    Result<void> rollback_savepoint() override {
        opened_.session.rolled_back();
        auto done = run("ROLLBACK TO job");
        return done ? run("RELEASE job") : done;
    }
    Result<void> probe() override {
        return Query(*opened_.connection, "INSERT INTO meta VALUES ('probe', unixepoch()) ON "
                                          "CONFLICT DO UPDATE SET value = excluded.value")
            .run();
    }

private:
    Result<void> run(std::string_view sql) { return Query(*opened_.connection, sql).run(); }
    Opened opened_;
};

class SqliteReader final : public ReadEngine {
public:
    SqliteReader(std::unique_ptr<Connection> connection, const MasterKey& key, const Clock& clock)
        : opened_(std::move(connection), key, clock) {}

    Session& session() override { return opened_.session; }
    Result<void> begin() override { return Query(*opened_.connection, "BEGIN").run(); }
    void end() noexcept override { (void)Query(*opened_.connection, "COMMIT").run(); }

private:
    Opened opened_;
};

class SqliteEngine final : public Engine {
public:
    SqliteEngine(const Options& options, std::unique_ptr<StoreLock> lock,
                 std::unique_ptr<Connection> connection)
        : path_(options.path), key_(options.master_key), clock_(*options.clock),
          lock_(std::move(lock)), writer_(std::move(connection)) {}

    Result<std::unique_ptr<WriteEngine>> writer() override {
        check(writer_ != nullptr, "there is one writer");
        return std::unique_ptr<WriteEngine>(
            std::make_unique<SqliteWriter>(std::move(writer_), key_, clock_));
    }
    Result<std::unique_ptr<ReadEngine>> reader() override {
        auto connection = Connection::open(path_, Access::read);
        if (!connection)
            return connection.error();
        return std::unique_ptr<ReadEngine>(
            std::make_unique<SqliteReader>(std::move(*connection), key_, clock_));
    }

private:
    std::string path_;
    MasterKey key_;
    const Clock& clock_;
    std::unique_ptr<StoreLock> lock_;
    std::unique_ptr<Connection> writer_;
};

/// The store remembers which key sealed it: a wrong one is said at start, not at the first call.
Result<void> check_master_key(Connection& connection, const MasterKey& key) {
    auto ours = key_fingerprint(key);
    auto done =
        Query(connection, "INSERT OR IGNORE INTO meta VALUES ('master_key', ?)").bind(ours).run();
    if (!done)
        return done;
    Query query(connection, "SELECT value FROM meta WHERE key = 'master_key'");
    std::string theirs;
    auto row = query.step();
    if (!row)
        return row.error();
    query.read(theirs);
    if (theirs == ours)
        return ok();
    return fail(Code::config_invalid, "the store was sealed with master key " + theirs +
                                          ", and the key given is " + ours);
}

Result<void> bring_up_to_date(Connection& connection, const Options& options) {
    auto known = embedded_migrations();
    auto state = read_state(connection, known);
    if (!state)
        return state.error();
    if (state->pending.empty())
        return ok();
    if (!options.migrate)
        return fail(Code::config_invalid,
                    "the store has schema version " + std::to_string(state->current) +
                        ", and this program needs " + std::to_string(state->newest));
    state = migrate(connection, known, state->newest, options.clock->wall());
    return state ? ok() : Result<void>(state.error());
}

/// A commit whose sync failed may have outlived its process in the kernel's cache: the log has it,
/// and what follows would be stored behind something that no disk has. Copied into the store
/// itself, and synced there, before anything is concluded from it.
Result<void> make_sure(Connection& connection) {
    return connection.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

bool exists(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

Result<std::unique_ptr<Engine>> open_engine(const Options& options) {
    auto lock = StoreLock::take(options.path);
    if (!lock)
        return lock.error();
    auto connection = Connection::open(options.path, Access::write);
    if (!connection)
        return connection.error();
    auto done = make_sure(**connection);
    if (done)
        done = bring_up_to_date(**connection, options);
    if (done)
        done = make_source(**connection);
    if (done)
        done = check_master_key(**connection, options.master_key);
    if (done && options.pages_max > 0)
        done = (*connection)->run("PRAGMA max_page_count = " + std::to_string(options.pages_max));
    if (!done)
        return done.error();
    return std::unique_ptr<Engine>(
        std::make_unique<SqliteEngine>(options, std::move(*lock), std::move(*connection)));
}

Result<SchemaState> schema_state(const Options& options) {
    auto known = embedded_migrations();
    if (!exists(options.path)) {
        SchemaState state;
        state.newest = static_cast<int>(known.size());
        for (const auto& step : known)
            state.pending.push_back({step.version, std::string(step.name)});
        return state;
    }
    auto connection = Connection::open(options.path, Access::read);
    if (!connection)
        return connection.error();
    return read_state(**connection, known);
}

Result<SchemaState> migrate_to(const Options& options, int version) {
    auto lock = StoreLock::take(options.path);
    if (!lock)
        return lock.error();
    auto connection = Connection::open(options.path, Access::write);
    if (!connection)
        return connection.error();
    return migrate(**connection, embedded_migrations(), version, options.clock->wall());
}

}  // namespace obliv::storage::sqlite
