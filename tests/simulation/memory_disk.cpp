#include "tests/simulation/memory_disk.hpp"

#include "core/base/check.hpp"
#include "tests/simulation/memory_file.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <sqlite3.h>

// SQLite's interface of an operating system ("The OS Backend (VFS)"): files, locks and the shared
// memory of the write-ahead log, of one thread.

namespace obliv::simulation {
namespace {

constexpr int sector_bytes = 4096;
constexpr std::int64_t now_ms = 210'866'760'000'000;  // as SQLite counts: an arbitrary day

/// SQLite knows the first member only, and gives the memory.
struct Handle {
    sqlite3_file base{};
    MemoryDisk* disk = nullptr;
    std::shared_ptr<MemoryFile> file;
    int level = SQLITE_LOCK_NONE;
    bool maps = false;
    unsigned shared = 0;     ///< locks of the shared memory that it has, by bit
    unsigned exclusive = 0;  ///< the same
};

Handle& handle_of(sqlite3_file* file) {
    return *reinterpret_cast<Handle*>(file);
}
MemoryDisk& disk_of(sqlite3_vfs* vfs) {
    return *static_cast<MemoryDisk*>(vfs->pAppData);
}

int close_file(sqlite3_file* file) {
    auto& self = handle_of(file);
    file->pMethods->xShmUnmap(file, 0);
    file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
    self.~Handle();
    return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    const auto& live = handle_of(file).file->live;
    auto from = std::min(static_cast<std::size_t>(offset), live.size());
    auto wanted = static_cast<std::size_t>(amount);
    auto size = std::min(wanted, live.size() - from);
    std::copy_n(live.data() + from, size, static_cast<unsigned char*>(out));
    if (size == wanted)
        return SQLITE_OK;
    std::memset(static_cast<unsigned char*>(out) + size, 0, wanted - size);
    return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
    auto& self = handle_of(file);
    auto at = static_cast<std::size_t>(offset);
    auto size = static_cast<std::size_t>(amount);
    auto part = size;
    int answer = SQLITE_OK;
    if (!self.file->scratch)
        answer = self.disk->change(size, at + size > self.file->live.size(), part);
    self.file->write(at, static_cast<const unsigned char*>(bytes), part);
    return answer;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    auto& self = handle_of(file);
    std::size_t part = 0;
    int answer = self.file->scratch ? SQLITE_OK : self.disk->change(0, false, part);
    if (answer == SQLITE_OK)
        self.file->truncate(static_cast<std::size_t>(size));
    return answer;
}

int sync_file(sqlite3_file* file, int) {
    auto& self = handle_of(file);
    return self.file->scratch ? SQLITE_OK : self.disk->sync(*self.file);
}

int size_file(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(handle_of(file).file->live.size());
    return SQLITE_OK;
}

/// Whether no other connection stands in the way.
bool may_lock(const Handle& self, int level) {
    const auto& on = *self.file;
    auto is_others = [&self](const void* owner) { return owner != nullptr && owner != &self; };
    int own_reads = self.level >= SQLITE_LOCK_SHARED ? 1 : 0;
    if (is_others(on.exclusive) || (level >= SQLITE_LOCK_RESERVED && is_others(on.writer)))
        return false;
    return level != SQLITE_LOCK_EXCLUSIVE || on.readers <= own_reads;
}

int lock_file(sqlite3_file* file, int level) {
    auto& self = handle_of(file);
    auto& on = *self.file;
    if (level <= self.level)
        return SQLITE_OK;
    if (!may_lock(self, level))
        return SQLITE_BUSY;
    if (self.level < SQLITE_LOCK_SHARED)
        ++on.readers;
    if (level >= SQLITE_LOCK_RESERVED)
        on.writer = &self;
    if (level == SQLITE_LOCK_EXCLUSIVE)
        on.exclusive = &self;
    self.level = level;
    return SQLITE_OK;
}

int unlock_file(sqlite3_file* file, int level) {
    auto& self = handle_of(file);
    auto& on = *self.file;
    if (level >= self.level)
        return SQLITE_OK;
    if (on.exclusive == &self)
        on.exclusive = nullptr;
    if (on.writer == &self)
        on.writer = nullptr;
    if (level == SQLITE_LOCK_NONE)
        --on.readers;
    self.level = level;
    return SQLITE_OK;
}

int is_reserved(sqlite3_file* file, int* out) {
    *out = handle_of(file).file->writer != nullptr ? 1 : 0;
    return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) {
    return SQLITE_NOTFOUND;
}
int sector_of_file(sqlite3_file*) {
    return sector_bytes;
}
// As on every disk of today: what lies beside the bytes of a write is not harmed by it.
int traits_of_file(sqlite3_file*) {
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int map_region(sqlite3_file* file, int index, int bytes, int extend, void volatile** out) {
    auto& self = handle_of(file);
    auto& on = *self.file;
    if (!self.maps) {
        self.maps = true;
        ++on.mapped;
    }
    auto wanted = static_cast<std::size_t>(index);
    *out = nullptr;
    if (on.regions.size() <= wanted && extend == 0)
        return SQLITE_OK;
    while (on.regions.size() <= wanted)
        on.regions.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(bytes)));
    *out = on.regions[wanted]->data();
    return SQLITE_OK;
}

/// Gives back one lock of the shared memory, if it has it.
void give_lock(Handle& self, std::size_t lock) {
    auto bit = 1U << lock;
    if ((self.exclusive & bit) != 0)
        self.file->exclusive_locks[lock] = nullptr;
    if ((self.shared & bit) != 0)
        --self.file->shared_locks[lock];
    self.exclusive &= ~bit;
    self.shared &= ~bit;
}

/// False: another connection has it.
bool take_lock(Handle& self, std::size_t lock, bool exclusively) {
    auto& on = *self.file;
    auto bit = 1U << lock;
    auto& owner = on.exclusive_locks[lock];
    auto& count = on.shared_locks[lock];
    bool others = owner != nullptr && owner != &self;
    if (others || (exclusively && count > ((self.shared & bit) != 0 ? 1 : 0)))
        return false;
    if (exclusively) {
        owner = &self;
        self.exclusive |= bit;
    } else if ((self.shared & bit) == 0) {
        ++count;
        self.shared |= bit;
    }
    return true;
}

/// All or none.
int take_back(Handle& self, std::size_t first, std::size_t end) {
    for (auto lock = first; lock < end; ++lock)
        give_lock(self, lock);
    return SQLITE_BUSY;
}

int lock_region(sqlite3_file* file, int first, int count, int flags) {
    auto& self = handle_of(file);
    bool takes = (flags & SQLITE_SHM_LOCK) != 0;
    bool exclusively = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int i = 0; i < count; ++i) {
        auto lock = static_cast<std::size_t>(first + i);
        if (!takes)
            give_lock(self, lock);
        else if (!take_lock(self, lock, exclusively))
            return take_back(self, static_cast<std::size_t>(first), lock);
    }
    return SQLITE_OK;
}

void fence_regions(sqlite3_file*) {}

int unmap_regions(sqlite3_file* file, int) {
    auto& self = handle_of(file);
    if (!self.maps)
        return SQLITE_OK;
    for (std::size_t lock = 0; lock < self.file->shared_locks.size(); ++lock)
        give_lock(self, lock);
    self.maps = false;
    // Who comes first after the last one has left finds nothing, as after a start.
    if (--self.file->mapped == 0)
        self.file->regions.clear();
    return SQLITE_OK;
}

constexpr sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 2;
    made.xClose = close_file;
    made.xRead = read_file;
    made.xWrite = write_file;
    made.xTruncate = truncate_file;
    made.xSync = sync_file;
    made.xFileSize = size_file;
    made.xLock = lock_file;
    made.xUnlock = unlock_file;
    made.xCheckReservedLock = is_reserved;
    made.xFileControl = control_file;
    made.xSectorSize = sector_of_file;
    made.xDeviceCharacteristics = traits_of_file;
    made.xShmMap = map_region;
    made.xShmLock = lock_region;
    made.xShmBarrier = fence_regions;
    made.xShmUnmap = unmap_regions;
    return made;
}();

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    auto& disk = disk_of(vfs);
    auto found = disk.open(name, (flags & SQLITE_OPEN_READONLY) == 0);
    if (found == nullptr)
        return SQLITE_CANTOPEN;
    auto* self = new (file) Handle;
    self->disk = &disk;
    self->file = std::move(found);
    file->pMethods = &methods;
    if (out_flags != nullptr)
        *out_flags = flags;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int) {
    return disk_of(vfs).remove(name);
}
int access_file(sqlite3_vfs* vfs, const char* name, int, int* out) {
    *out = disk_of(vfs).exists(name) ? 1 : 0;
    return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}
int fill_random(sqlite3_vfs* vfs, int size, char* out) {
    for (int i = 0; i < size; ++i)
        out[i] = static_cast<char>(disk_of(vfs).random().next());
    return size;
}
int sleep_not(sqlite3_vfs*, int microseconds) {
    return microseconds;
}
int tell_time(sqlite3_vfs*, sqlite3_int64* out) {
    *out = now_ms;
    return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) {
    return 0;
}

}  // namespace

MemoryDisk::MemoryDisk(std::uint64_t seed) : random_(seed), vfs_(std::make_unique<sqlite3_vfs>()) {
    *vfs_ = {};
    vfs_->iVersion = 2;
    vfs_->szOsFile = sizeof(Handle);
    vfs_->mxPathname = 512;
    vfs_->zName = "simulation";
    vfs_->pAppData = this;
    vfs_->xOpen = open_file;
    vfs_->xDelete = delete_file;
    vfs_->xAccess = access_file;
    vfs_->xFullPathname = full_path;
    vfs_->xRandomness = fill_random;
    vfs_->xSleep = sleep_not;
    vfs_->xGetLastError = last_error;
    vfs_->xCurrentTimeInt64 = tell_time;
    check(sqlite3_vfs_register(vfs_.get(), 1) == SQLITE_OK, "SQLite takes a disk");
    sqlite3_randomness(0, nullptr);  // from now on its choices are ours, too
}

MemoryDisk::~MemoryDisk() {
    sqlite3_vfs_unregister(vfs_.get());
}

void MemoryDisk::die_after(std::uint64_t steps, std::function<void()> died) {
    dies_at_ = changes_ + steps + 1;
    died_ = std::move(died);
}

void MemoryDisk::revive() noexcept {
    trouble_ = Trouble::none;
    dies_at_ = 0;
}

void MemoryDisk::cut_power() {
    for (auto& [name, file] : files_)
        file->cut_power(random_);
    // Nobody syncs a folder when a file of it is removed.
    for (auto& [name, file] : removed_)
        if (!files_.contains(name) && random_.below(2) == 0) {
            file->cut_power(random_);
            files_.emplace(name, file);
        }
    removed_.clear();
    revive();
}

std::shared_ptr<MemoryFile> MemoryDisk::open(const char* name, bool create) {
    auto found = name != nullptr ? files_.find(name) : files_.end();
    if (found != files_.end())
        return found->second;
    if (!create || (name != nullptr && dead()))
        return nullptr;
    auto made = std::make_shared<MemoryFile>();
    made->scratch = name == nullptr;
    if (name != nullptr)
        files_.emplace(name, made);
    return made;
}

int MemoryDisk::remove(const std::string& name) {
    std::size_t part = 0;
    if (int answer = change(0, false, part); answer != SQLITE_OK)
        return SQLITE_IOERR_DELETE;
    auto found = files_.find(name);
    if (found == files_.end())
        return SQLITE_IOERR_DELETE_NOENT;
    removed_[name] = found->second;
    files_.erase(found);
    return SQLITE_OK;
}

int MemoryDisk::change(std::size_t size, bool grows, std::size_t& part) {
    if (++changes_ == dies_at_) {
        trouble_ = Trouble::dead;
        died_();
    }
    part = 0;
    if (dead())
        return SQLITE_IOERR_WRITE;
    if (trouble_ == Trouble::full && grows) {
        part = size > 0 ? random_.below(size) : 0;
        return SQLITE_FULL;
    }
    if (trouble_ == Trouble::short_write && size > 0 && random_.below(2) == 0) {
        part = random_.below(size);
        return SQLITE_IOERR_WRITE;
    }
    part = size;
    return SQLITE_OK;
}

int MemoryDisk::sync(MemoryFile& file) {
    std::size_t part = 0;
    if (int answer = change(0, false, part); answer != SQLITE_OK)
        return SQLITE_IOERR_FSYNC;
    if (trouble_ == Trouble::sync && random_.below(2) == 0) {
        file.sync_badly(random_);
        return SQLITE_IOERR_FSYNC;
    }
    file.sync();
    // A file system with a journal keeps the order: what was removed before is gone.
    removed_.clear();
    return SQLITE_OK;
}

}  // namespace obliv::simulation
