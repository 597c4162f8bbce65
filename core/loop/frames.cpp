#include "core/loop/frames.hpp"

#include "core/loop/frame_slabs.hpp"

namespace obliv::loop {
namespace detail {
namespace {

/// Frees what the thread has kept when it ends. Frames that are given back even later, by what
/// outlives the thread's own objects, find no room.
struct Cleaner {
    ~Cleaner() {
        for (auto& shelf : frame_shelves) {
            while (shelf.first != nullptr)
                delete_frame(std::exchange(shelf.first, shelf.first->next));
            shelf.kept = FrameShelf::kept_max;
        }
    }
    void needed() const noexcept {}
};

thread_local Cleaner cleaner;

#ifdef __SANITIZE_ADDRESS__
constexpr bool from_heap = true;  // where every frame has its own red zones
#else
constexpr bool from_heap = false;
#endif

/// Never destroyed: tasks may end after everything else.
FrameSlabs& slabs() {
    static auto* all = new FrameSlabs;
    return *all;
}

}  // namespace

void* new_frame(std::size_t size) {
    cleaner.needed();  // made before the first frame that it may have to free
    return from_heap ? ::operator new(size) : slabs().take(size);
}

void delete_frame(void* frame) noexcept {
    if (from_heap)
        ::operator delete(frame);
    else
        slabs().give_back(frame);
}

}  // namespace detail

void tidy_frames() noexcept {
    for (auto& shelf : detail::frame_shelves) {
        shelf.kept -= shelf.spare;
        for (; shelf.spare > 0; --shelf.spare)
            detail::delete_frame(std::exchange(shelf.first, shelf.first->next));
        shelf.spare = shelf.kept;
    }
}

}  // namespace obliv::loop
