#pragma once

#include "core/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace obliv::simulation {

/// What fails, about every second time, until it is healed.
enum class Trouble : std::uint8_t {
    none,
    short_write,  ///< a write stops in the middle
    sync,  ///< fsync says no, and what it was to save is saved in part, and never tried again
    full,  ///< no file grows any more
    dead,  ///< nothing can be written: the process was killed, or the disk is gone
};

struct MemoryFile;

/// A disk in memory for SQLite, as unreliable as it is told to be: the process's default VFS while
/// it exists, for one thread. What was written counts at once for who reads it, and for a power cut
/// only from its sync on.
class MemoryDisk {
public:
    explicit MemoryDisk(std::uint64_t seed);
    ~MemoryDisk();
    MemoryDisk(const MemoryDisk&) = delete;
    MemoryDisk& operator=(const MemoryDisk&) = delete;

    void set_trouble(Trouble trouble) noexcept { trouble_ = trouble; }
    Trouble trouble() const noexcept { return trouble_; }
    /// Dies before the `steps`-th change from now on; `died` runs at that instant.
    void die_after(std::uint64_t steps, std::function<void()> died);
    bool dead() const noexcept { return trouble_ == Trouble::dead; }

    // After everything on it was closed:
    /// Goes on with what was written before it died.
    void revive() noexcept;
    /// The same after a power cut: what was not synced is there in part, or not at all.
    void cut_power();

    // For the VFS.
    std::shared_ptr<MemoryFile> open(const char* name, bool create);
    bool exists(const std::string& name) const { return files_.contains(name); }
    int remove(const std::string& name);
    /// The answer to one change: SQLITE_OK, or why it is not made. `part` is how many of `size`
    /// bytes are written all the same.
    int change(std::size_t size, bool grows, std::size_t& part);
    int sync(MemoryFile& file);
    Random& random() noexcept { return random_; }
    std::uint64_t changes() const noexcept { return changes_; }

private:
    Random random_;
    Trouble trouble_ = Trouble::none;
    std::uint64_t changes_ = 0;
    std::uint64_t dies_at_ = 0;  // in `changes_`; 0: not by itself
    std::function<void()> died_;
    std::map<std::string, std::shared_ptr<MemoryFile>> files_;
    std::map<std::string, std::shared_ptr<MemoryFile>> removed_;  // a power cut may bring them back
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace obliv::simulation
