#pragma once

#include "core/base/bound.hpp"
#include "core/loop/run_blocking.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace obliv::server {

/// What all request bodies may take together, and where the large ones lie. Made before the server
/// and destroyed after it; stopped before its loops are. Any thread.
class Bodies {
public:
    /// Files are made in `folder`; what an earlier process may have left there is removed.
    Bodies(std::string folder, std::int64_t memory_max, std::int64_t disk_max);

    /// Of bodies up to body_bytes_in_memory, and of whatever else a call needs because of its body.
    Bound memory;
    /// Of all others.
    Bound disk;
    /// What the disk was found to have place for, and is not written yet.
    Bound ahead;

    const std::string& folder() const noexcept { return folder_; }
    /// What bodies leave free of the disk.
    void set_reserve(std::int64_t bytes) noexcept { reserve_ = bytes; }
    /// What they could take of it now; nothing: the disk does not say. May wait for the disk.
    std::optional<std::int64_t> free_bytes() const noexcept;
    /// Logs it when the disk has less free than bodies may take.
    void compare_with_disk() const;
    /// Writes the files, which may wait for the disk longer than anything else does.
    loop::BlockingPool& pool() noexcept { return pool_; }
    void stop() { pool_.stop(); }

private:
    std::string folder_;
    std::atomic<std::int64_t> reserve_{0};
    loop::BlockingPool pool_;
};

/// A longer body lies in a file; and so does a shorter one, when the memory for bodies is used up.
inline constexpr std::size_t body_bytes_in_memory = 1U << 20;

}  // namespace obliv::server
