#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <vector>

namespace obliv::loop {

/// Where frames come from when a thread has kept none of their size: stretches of memory that hold
/// cells of one size each. What is made for the moment, and what a stream keeps for an hour, are of
/// different sizes: on the heap they would lie mixed, and nothing of a burst would ever be the
/// system's again. Here its stretches become empty, and lose their pages. Any thread.
class FrameSlabs {
public:
    static constexpr std::size_t step = 16;  ///< sizes are its multiples
    static constexpr std::size_t size_max = 4 * 1024 - step;
    static constexpr std::size_t slab_bytes = 16 * 1024;

    FrameSlabs() = default;
    FrameSlabs(const FrameSlabs&) = delete;
    FrameSlabs& operator=(const FrameSlabs&) = delete;
    ~FrameSlabs();  // after all was given back

    /// `size` is a multiple of `step`, up to `size_max`. Aligned to `step`; throws std::bad_alloc.
    void* take(std::size_t size);
    void give_back(void* cell) noexcept;

    std::size_t slabs_in_use() const;

private:
    struct Slab;
    struct FreeCell;

    Slab& new_slab(std::size_t size);
    void map_region();
    void link(Slab& slab) noexcept;
    void unlink(Slab& slab) noexcept;

    static constexpr std::size_t region_slabs = 64;

    mutable std::mutex mutex_;
    // All under the mutex.
    std::array<Slab*, size_max / step + 1> with_room_{};  // by size: those with a free cell
    std::vector<char*> regions_;
    std::vector<char*> empty_;  // without pages; with room for all there are
    std::size_t slabs_ = 0;
};

}  // namespace obliv::loop
