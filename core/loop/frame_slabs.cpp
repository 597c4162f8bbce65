#include "core/loop/frame_slabs.hpp"

#include "core/base/check.hpp"

#include <cstdint>
#include <new>
#include <sys/mman.h>

namespace obliv::loop {

struct FrameSlabs::FreeCell {
    FreeCell* next;
};

/// Stands at the begin of its stretch, which is aligned to its length.
struct alignas(FrameSlabs::step) FrameSlabs::Slab {
    Slab* previous;
    Slab* next;
    FreeCell* free;           // that were given back
    std::uint32_t size;       // of a cell
    std::uint32_t untouched;  // where the cells begin that nobody has had yet
    std::uint32_t used;       // cells

    bool full() const noexcept { return free == nullptr && untouched + size > slab_bytes; }
};

void FrameSlabs::link(Slab& slab) noexcept {
    auto& first = with_room_[slab.size / step];
    slab.previous = nullptr;
    slab.next = first;
    if (first != nullptr)
        first->previous = &slab;
    first = &slab;
}

void FrameSlabs::unlink(Slab& slab) noexcept {
    if (slab.previous != nullptr)
        slab.previous->next = slab.next;
    else
        with_room_[slab.size / step] = slab.next;
    if (slab.next != nullptr)
        slab.next->previous = slab.previous;
}

void FrameSlabs::map_region() {
    constexpr auto size = (region_slabs + 1) * slab_bytes;  // one more, to align the others
    regions_.reserve(regions_.size() + 1);
    empty_.reserve((regions_.size() + 1) * region_slabs);
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    regions_.push_back(static_cast<char*>(memory));
    auto address = reinterpret_cast<std::uintptr_t>(memory);
    auto* first = regions_.back() + (slab_bytes - address % slab_bytes) % slab_bytes;
    for (std::size_t i = region_slabs; i > 0; --i)
        empty_.push_back(first + (i - 1) * slab_bytes);
}

FrameSlabs::Slab& FrameSlabs::new_slab(std::size_t size) {
    if (empty_.empty())
        map_region();
    auto* memory = empty_.back();
    empty_.pop_back();
    ++slabs_;
    auto& slab = *::new (memory) Slab{};
    slab.size = static_cast<std::uint32_t>(size);
    slab.untouched = sizeof(Slab);
    link(slab);
    return slab;
}

void* FrameSlabs::take(std::size_t size) {
    check(size % step == 0 && size > 0 && size <= size_max, "a frame has a size of the slabs");
    std::lock_guard lock(mutex_);
    auto* found = with_room_[size / step];
    auto& slab = found != nullptr ? *found : new_slab(size);
    void* cell = slab.free;
    if (cell != nullptr) {
        slab.free = slab.free->next;
    } else {
        cell = reinterpret_cast<char*>(&slab) + slab.untouched;
        slab.untouched += slab.size;
    }
    ++slab.used;
    if (slab.full())
        unlink(slab);
    return cell;
}

void FrameSlabs::give_back(void* cell) noexcept {
    auto address = reinterpret_cast<std::uintptr_t>(cell);
    auto* begin = static_cast<char*>(cell) - address % slab_bytes;
    auto& slab = *std::launder(reinterpret_cast<Slab*>(begin));
    std::lock_guard lock(mutex_);
    bool was_full = slab.full();
    slab.free = ::new (cell) FreeCell{slab.free};
    if (--slab.used > 0) {
        if (was_full)
            link(slab);
        return;
    }
    if (!was_full)
        unlink(slab);
    --slabs_;
    ::madvise(begin, slab_bytes, MADV_DONTNEED);
    empty_.push_back(begin);
}

std::size_t FrameSlabs::slabs_in_use() const {
    std::lock_guard lock(mutex_);
    return slabs_;
}

FrameSlabs::~FrameSlabs() {
    for (auto* region : regions_)
        ::munmap(region, (region_slabs + 1) * slab_bytes);
}

}  // namespace obliv::loop
