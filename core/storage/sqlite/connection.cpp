#include "core/storage/sqlite/connection.hpp"

#include "core/storage/sqlite/log_file.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace obliv::storage::sqlite {
namespace {

constexpr int busy_timeout_ms = 5000;

Code code_of(int primary) noexcept {
    switch (primary) {
    case SQLITE_CONSTRAINT:
        return Code::conflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return Code::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
        return Code::corrupt;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return Code::io;
    default:
        return Code::internal;
    }
}

/// SQLite would create the file with the umask's permissions; the log beside it copies ours.
void create_private(const std::string& path) noexcept {
    int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0)
        ::close(descriptor);
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Access access) {
    // Nobody asks for SQLite's count of its memory, which costs a lock at each allocation.
    static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(uncounted);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (access == Access::write)
        create_private(path);
    auto vfs = access == Access::write ? std::make_unique<LogVfs>() : nullptr;
    sqlite3* handle = nullptr;
    bool opened =
        sqlite3_open_v2(path.c_str(), &handle, flags, vfs ? vfs->name() : nullptr) == SQLITE_OK;
    // Without memory there is no handle, and nothing to ask for the reason.
    if (!handle)
        return fail(Code::io, "the store " + path + " cannot be opened: out of memory");
    std::unique_ptr<Connection> connection(new Connection(handle, path, std::move(vfs)));
    if (!opened)
        return connection->failure("open");
    auto prepared = connection->prepare_for(access);
    if (!prepared)
        return prepared.error();
    return connection;
}

Result<void> Connection::prepare_for(Access access) {
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    auto keys = run("PRAGMA foreign_keys = ON");
    if (!keys || access == Access::read)
        return keys;
    // The log is checkpointed every 16 MiB: more often costs a sync of the main file each time.
    // Rows are appended: of the pages that are kept only the last ones are needed again, and each
    // page more is memory that the processor has forgotten. A transaction may still hold 2 MiB
    // before it writes any of them.
    // Full comes first: LogVfs needs it.
    return run("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;"
               "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
               "PRAGMA cache_size = -512; PRAGMA cache_spill = 500");
}

Connection::Connection(sqlite3* handle, std::string path, std::unique_ptr<LogVfs> vfs)
    : handle_(handle), path_(std::move(path)), vfs_(std::move(vfs)) {
    auto forget = [](void* log) { static_cast<LogVfs*>(log)->forget(); };
    if (vfs_)
        sqlite3_rollback_hook(handle_, forget, vfs_.get());
}

Connection::~Connection() {
    for (auto& [sql, statement] : statements_)
        sqlite3_finalize(statement);
    sqlite3_close(handle_);
}

Result<void> Connection::run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return failure("write to");
    return ok();
}

sqlite3_stmt* Connection::prepared(std::string_view sql) {
    if (auto found = statements_.find(sql); found != statements_.end())
        return found->second;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        return nullptr;
    // The key is the copy that SQLite keeps with the statement.
    statements_.emplace(std::string_view(sqlite3_sql(statement)), statement);
    return statement;
}

Error Connection::failure(std::string_view doing) const {
    auto code = code_of(sqlite3_extended_errcode(handle_) & 0xff);
    return fail(code, "cannot " + std::string(doing) + " the store " + path_ + ": " +
                          sqlite3_errmsg(handle_));
}

std::int64_t Connection::last_id() const noexcept {
    return sqlite3_last_insert_rowid(handle_);
}

std::int64_t Connection::changes() const noexcept {
    return sqlite3_changes64(handle_);
}

}  // namespace obliv::storage::sqlite
