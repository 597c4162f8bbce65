#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace obliv::loop {

namespace detail {

struct FreeFrame {
    FreeFrame* next;
};

/// What a thread keeps of one size.
struct FrameShelf {
#ifdef __SANITIZE_ADDRESS__
    static constexpr unsigned kept_max = 0;  // a frame that is kept can be used after its end
#else
    static constexpr unsigned kept_max = 128;
#endif

    FreeFrame* first = nullptr;
    unsigned kept = 0;
    unsigned spare = 0;  ///< that were never needed since tidy_frames()
};

inline constexpr std::size_t frame_step = 16;
inline constexpr std::size_t frame_sizes = 256;  // up to 4 KiB; larger ones are the heap's

// Without a constructor or a destructor, which each access would have to check for.
constinit inline thread_local std::array<FrameShelf, frame_sizes> frame_shelves{};

void* new_frame(std::size_t size);
void delete_frame(void* frame) noexcept;

}  // namespace detail

/// Memory for the frames of coroutines. A call makes a dozen of them, all of sizes that the call
/// before has just given back: each thread keeps what is free by size, so that taking one is a
/// pointer read. How many is bounded, and what a burst leaves behind goes back (tidy_frames()).
inline void* take_frame(std::size_t size) {
    auto index = (size + detail::frame_step - 1) / detail::frame_step;
    if (index >= detail::frame_sizes)
        return ::operator new(size);
    auto& shelf = detail::frame_shelves[index];
    if (shelf.first == nullptr)
        return detail::new_frame(index * detail::frame_step);
    shelf.spare = std::min(shelf.spare, --shelf.kept);
    return std::exchange(shelf.first, shelf.first->next);
}

inline void give_frame(void* frame, std::size_t size) noexcept {
    auto index = (size + detail::frame_step - 1) / detail::frame_step;
    if (index >= detail::frame_sizes)
        return ::operator delete(frame);
    if (detail::frame_shelves[index].kept == detail::FrameShelf::kept_max)
        return detail::delete_frame(frame);
    auto& shelf = detail::frame_shelves[index];
    shelf.first = new (frame) detail::FreeFrame{shelf.first};
    ++shelf.kept;
}

/// Frees what this thread has kept and not needed since it was last called: after a burst of calls
/// that is nearly all.
void tidy_frames() noexcept;

/// A base for what lives as long as a call and is made and given back as often: frames of
/// coroutines, and what they would otherwise have to hold until they end.
struct InFrames {
    static void* operator new(std::size_t size) { return take_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { give_frame(frame, size); }
};

}  // namespace obliv::loop
