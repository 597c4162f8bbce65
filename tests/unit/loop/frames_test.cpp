#include "core/loop/frames.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

using namespace obliv::loop;

namespace {

void* take_filled(std::size_t size) {
    auto* frame = take_frame(size);
    std::memset(frame, 0x5A, size);  // all of it may be used
    return frame;
}

/// Uses the thread's frames once more when the thread's own objects have ended.
struct Late {
    ~Late() { give_frame(take_filled(200), 200); }
};

}  // namespace

TEST_CASE("frames that are in use are never the same, whatever their sizes", "[loop]") {
    std::vector<std::pair<void*, std::size_t>> held;
    std::set<void*> places;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t size : {1, 63, 64, 65, 640, 4031, 4032, 4033, 4096, 100'000})
            for (int i = 0; i < 100; ++i) {  // more than a thread keeps
                auto* frame = take_filled(size);
                held.emplace_back(frame, size);
                CHECK(places.insert(frame).second);
            }
        for (auto [frame, size] : held)
            give_frame(frame, size);
        held.clear();
        places.clear();
    }
}

TEST_CASE("a thread keeps what is free of a size, up to a bound", "[loop]") {
    constexpr std::size_t size = 3 * detail::frame_step;
    auto& shelf = detail::frame_shelves[3];
    std::vector<void*> held;
    for (unsigned i = 0; i < 2 * detail::FrameShelf::kept_max; ++i)
        held.push_back(take_frame(size));
    CHECK(shelf.kept == 0);
    for (auto* frame : held)
        give_frame(frame, size);
    CHECK(shelf.kept == detail::FrameShelf::kept_max);
    if (detail::FrameShelf::kept_max != 0) {
        auto* expected = shelf.first;
        auto* frame = take_frame(size - detail::frame_step + 1);  // the smallest of that size
        CHECK(frame == static_cast<void*>(expected));
        CHECK(shelf.kept == detail::FrameShelf::kept_max - 1);
        give_frame(frame, size);
    }
}

TEST_CASE("what a burst of frames leaves behind goes, what is used all the time stays", "[loop]") {
    constexpr std::size_t size = 5 * detail::frame_step;
    auto& shelf = detail::frame_shelves[5];
    auto use = [](std::size_t count) {
        std::vector<void*> held;
        for (std::size_t i = 0; i < count; ++i)
            held.push_back(take_filled(size));
        for (auto* frame : held)
            give_frame(frame, size);
    };
    use(detail::FrameShelf::kept_max);
    CHECK(shelf.kept == detail::FrameShelf::kept_max);
    tidy_frames();  // all of them were in use since the start
    CHECK(shelf.kept == detail::FrameShelf::kept_max);
    constexpr auto needed = std::min(3U, detail::FrameShelf::kept_max);
    for (int second = 0; second < 3; ++second) {
        use(needed);
        tidy_frames();
        CHECK(shelf.kept == needed);
    }
    tidy_frames();
    CHECK(shelf.kept == 0);
    CHECK(shelf.first == nullptr);
}

TEST_CASE("frames may be given back by another thread, and after its own objects", "[loop]") {
    std::vector<void*> held;
    for (int i = 0; i < 100; ++i)
        held.push_back(take_filled(200));
    std::thread other([&held] {
        thread_local Late late;  // made before the shelves' cleaner, ends after it
        [[maybe_unused]] auto& made = late;
        for (auto* frame : held)
            give_frame(frame, 200);
        give_frame(take_filled(200), 200);
        give_frame(take_filled(300), 300);
    });
    other.join();
    auto* frame = take_filled(200);
    give_frame(frame, 200);
}
