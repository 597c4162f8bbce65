#pragma once

#include "core/base/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace obliv::simulation {

using Bytes = std::vector<unsigned char>;

/// A file that remembers what of it would outlive a power cut.
struct MemoryFile {
    /// Bytes that were written, or (when there are none) the size that it was cut to.
    struct Step {
        std::size_t offset;
        Bytes bytes;
    };

    Bytes live;                  ///< as its readers see it
    Bytes durable;               ///< as of its last sync
    std::vector<Step> unsynced;  ///< what was done to it since
    bool scratch = false;        ///< without a name: nothing happens to it

    // SQLite's locks and shared memory, of all connections to the file.
    int readers = 0;
    const void* writer = nullptr;
    const void* exclusive = nullptr;
    int mapped = 0;
    std::vector<std::unique_ptr<Bytes>> regions;
    std::array<int, 8> shared_locks{};
    std::array<const void*, 8> exclusive_locks{};

    void write(std::size_t offset, const unsigned char* bytes, std::size_t size);
    void truncate(std::size_t size);
    void sync();
    /// A sync that failed: some sectors were saved, and nobody will try the others again.
    void sync_badly(Random& random);
    /// Sectors of 512 bytes are whole, and nothing else about what was not synced is sure.
    void cut_power(Random& random);
};

}  // namespace obliv::simulation
