#include "core/loop/frames.hpp"

namespace obliv::loop::detail {
namespace {

/// Frees what the thread has kept when it ends. Frames that are given back even later, by what
/// outlives the thread's own objects, find no room.
struct Cleaner {
    ~Cleaner() {
        for (auto& shelf : frame_shelves) {
            while (shelf.first != nullptr)
                ::operator delete(std::exchange(shelf.first, shelf.first->next));
            shelf.room = 0;
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

}  // namespace obliv::loop::detail
