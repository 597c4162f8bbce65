#include "core/loop/frames.hpp"

#include <array>
#include <new>
#include <utility>

namespace obliv::loop {
namespace {

constexpr std::size_t step = 64;
constexpr std::size_t classes = 64;  // up to 4 KiB; a larger frame is taken and given as it comes
constexpr unsigned kept_of_a_size_max = 64;

struct Free {
    Free* next;
};

struct Shelf {
    Free* first = nullptr;
    unsigned room = kept_of_a_size_max;
};

// Without a constructor or a destructor: each access would check for them.
constinit thread_local std::array<Shelf, classes> shelves{};

/// Frees what the thread has kept when it ends. Frames that are given back even later, by what
/// outlives the thread's own objects, find no room.
struct Cleaner {
    ~Cleaner() {
        for (auto& shelf : shelves) {
            while (shelf.first != nullptr)
                ::operator delete(std::exchange(shelf.first, shelf.first->next));
            shelf.room = 0;
        }
    }
    void needed() const noexcept {}
};
thread_local Cleaner cleaner;

std::size_t class_of(std::size_t size) noexcept {
    return (size + step - 1) / step;
}

}  // namespace

void* take_frame(std::size_t size) {
    auto index = class_of(size);
    if (index >= classes)
        return ::operator new(size);
    auto& shelf = shelves[index];
    if (shelf.first == nullptr) {
        cleaner.needed();
        return ::operator new(index* step);
    }
    ++shelf.room;
    return std::exchange(shelf.first, shelf.first->next);
}

void give_frame(void* frame, std::size_t size) noexcept {
    auto index = class_of(size);
    if (index >= classes || shelves[index].room == 0)
        return ::operator delete(frame);
    auto& shelf = shelves[index];
    shelf.first = new (frame) Free{shelf.first};
    --shelf.room;
}

}  // namespace obliv::loop
