#include "core/storage/sqlite/log_file.hpp"

#include "core/base/check.hpp"

#include <atomic>
#include <cstring>
#include <new>
#include <sqlite3.h>
#include <string>

namespace obliv::storage::sqlite {
namespace {

/// Writes that follow each other, and where the first one begins.
struct Gathered {
    static constexpr int bytes_max = 64 * 1024;
    sqlite3_int64 begin = 0;
    int size = 0;
    unsigned char bytes[bytes_max];
};

/// SQLite knows the first member only. The file of the VFS below lies behind it.
struct LogFile {
    sqlite3_file base;
    Gathered* gathered;
    Gathered** open_log;  // where the VFS remembers it
};
static_assert(sizeof(LogFile) % 8 == 0, "SQLite aligns files by eight bytes");

LogFile& log_of(sqlite3_file* file) noexcept {
    return *reinterpret_cast<LogFile*>(file);
}

sqlite3_file* file_of(LogFile& log) noexcept {
    return reinterpret_cast<sqlite3_file*>(&log + 1);
}

sqlite3_file* below(sqlite3_file* file) noexcept {
    return file_of(log_of(file));
}

/// What cannot be written is given up: its transaction is rolled back.
int flush(sqlite3_file* file) noexcept {
    auto& gathered = *log_of(file).gathered;
    if (gathered.size == 0)
        return SQLITE_OK;
    int size = gathered.size;
    gathered.size = 0;
    auto* real = below(file);
    return real->pMethods->xWrite(real, gathered.bytes, size, gathered.begin);
}

/// Calls the file below once all that was written before is there.
template <typename... Arguments>
int in_order(sqlite3_file* file, int (*sqlite3_io_methods::*call)(sqlite3_file*, Arguments...),
             Arguments... arguments) noexcept {
    if (int failed = flush(file))
        return failed;
    auto* real = below(file);
    return (real->pMethods->*call)(real, arguments...);
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    auto& gathered = *log_of(file).gathered;
    bool follows = gathered.size > 0 && offset == gathered.begin + gathered.size &&
                   size <= Gathered::bytes_max - gathered.size;
    if (!follows) {
        if (size > Gathered::bytes_max)
            return in_order(file, &sqlite3_io_methods::xWrite, data, size, offset);
        if (int failed = flush(file))
            return failed;
        gathered.begin = offset;
    }
    std::memcpy(gathered.bytes + gathered.size, data, static_cast<std::size_t>(size));
    gathered.size += size;
    return SQLITE_OK;
}

constexpr sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 1;  // a log has no shared memory and is not mapped
    made.xClose = [](sqlite3_file* file) {
        *log_of(file).open_log = nullptr;
        delete log_of(file).gathered;
        return below(file)->pMethods->xClose(below(file));
    };
    made.xRead = [](sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
        int done = in_order(file, &sqlite3_io_methods::xRead, to, size, offset);
        // For a full disk SQLite may take back this statement alone: what is lost is of others.
        return done == SQLITE_FULL ? SQLITE_IOERR_WRITE : done;
    };
    made.xWrite = write;
    made.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
        return in_order(file, &sqlite3_io_methods::xTruncate, size);
    };
    made.xSync = [](sqlite3_file* file, int flags) {
        return in_order(file, &sqlite3_io_methods::xSync, flags);
    };
    made.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
        return in_order(file, &sqlite3_io_methods::xFileSize, size);
    };
    made.xLock = [](sqlite3_file* file, int level) {
        return in_order(file, &sqlite3_io_methods::xLock, level);
    };
    made.xUnlock = [](sqlite3_file* file, int level) {
        return in_order(file, &sqlite3_io_methods::xUnlock, level);
    };
    made.xCheckReservedLock = [](sqlite3_file* file, int* held) {
        return in_order(file, &sqlite3_io_methods::xCheckReservedLock, held);
    };
    // Says something about the file, and its answer is not always looked at: not a place to fail.
    made.xFileControl = [](sqlite3_file* file, int what, void* value) {
        return below(file)->pMethods->xFileControl(below(file), what, value);
    };
    made.xSectorSize = [](sqlite3_file* file) {
        return below(file)->pMethods->xSectorSize(below(file));
    };
    made.xDeviceCharacteristics = [](sqlite3_file* file) {
        return below(file)->pMethods->xDeviceCharacteristics(below(file));
    };
    return made;
}();

}  // namespace

/// SQLite knows the first part only.
struct LogVfs::Vfs : sqlite3_vfs {
    explicit Vfs(sqlite3_vfs& below_it);
    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out);

    sqlite3_vfs& below;
    std::string title;
    Gathered* open_log = nullptr;  // of the one connection's log, while it is open
};

/// All but the opening of files is as in the one below.
LogVfs::Vfs::Vfs(sqlite3_vfs& below_it) : sqlite3_vfs(below_it), below(below_it) {
    static std::atomic<int> count{0};
    title = "obliv-log-" + std::to_string(++count);
    zName = title.c_str();
    szOsFile += static_cast<int>(sizeof(LogFile));
    pNext = nullptr;
    xOpen = open;
}

int LogVfs::Vfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    auto& below = static_cast<Vfs*>(vfs)->below;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return below.xOpen(&below, path, file, flags, out);
    auto& log = log_of(file);
    log.base.pMethods = nullptr;
    log.gathered = new (std::nothrow) Gathered;
    if (!log.gathered)
        return SQLITE_NOMEM;
    int opened = below.xOpen(&below, path, file_of(log), flags, out);
    if (opened != SQLITE_OK) {
        delete log.gathered;
        return opened;
    }
    log.base.pMethods = &methods;
    log.open_log = &static_cast<Vfs*>(vfs)->open_log;
    *log.open_log = log.gathered;
    return opened;
}

LogVfs::LogVfs() {
    auto* below = sqlite3_vfs_find(nullptr);
    if (!below)
        return;
    vfs_ = std::make_unique<Vfs>(*below);
    check(sqlite3_vfs_register(vfs_.get(), 0) == SQLITE_OK, "SQLite takes a VFS");
}

LogVfs::~LogVfs() {
    if (vfs_)
        sqlite3_vfs_unregister(vfs_.get());
}

void LogVfs::forget() noexcept {
    if (vfs_ && vfs_->open_log)
        vfs_->open_log->size = 0;
}

const char* LogVfs::name() const noexcept {
    return vfs_ ? vfs_->zName : nullptr;
}

}  // namespace obliv::storage::sqlite
