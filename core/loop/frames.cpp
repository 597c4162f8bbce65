#include "core/loop/frames.hpp"

namespace obliv::loop {
namespace detail {
namespace {

/// Frees what the thread has kept when it ends. Frames that are given back even later, by what
/// outlives the thread's own objects, find no room.
struct Cleaner {
    ~Cleaner() {
        for (auto& shelf : frame_shelves) {
            while (shelf.first != nullptr)
                ::operator delete(std::exchange(shelf.first, shelf.first->next));
            shelf.kept = FrameShelf::kept_max;
        }
    }
    void needed() const noexcept {}
};

thread_local Cleaner cleaner;

}  // namespace

void* new_frame(std::size_t size) {
    cleaner.needed();  // made before the first frame that it may have to free
    return ::operator new(size);
}

}  // namespace detail

void tidy_frames() noexcept {
    for (auto& shelf : detail::frame_shelves) {
        shelf.kept -= shelf.spare;
        for (; shelf.spare > 0; --shelf.spare)
            ::operator delete(std::exchange(shelf.first, shelf.first->next));
        shelf.spare = shelf.kept;
    }
}

}  // namespace obliv::loop
