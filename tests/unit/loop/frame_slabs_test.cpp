#include "core/loop/frame_slabs.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <vector>

using namespace obliv;
using loop::FrameSlabs;

namespace {

struct Cell {
    unsigned char* at;
    std::size_t size;
    unsigned char mark;
};

Cell take(FrameSlabs& slabs, Random& random) {
    auto size = FrameSlabs::step * (1 + random.below(FrameSlabs::size_max / FrameSlabs::step));
    auto mark = static_cast<unsigned char>(random.below(256));
    auto* at = static_cast<unsigned char*>(slabs.take(size));
    std::memset(at, mark, size);
    return {at, size, mark};
}

/// Whether nobody else has written to it.
bool untouched(const Cell& cell) {
    for (std::size_t i = 0; i < cell.size; ++i)
        if (cell.at[i] != cell.mark)
            return false;
    return true;
}

/// Takes and gives back at random, and in the end gives back all.
bool churn(FrameSlabs& slabs, std::uint64_t seed, int steps) {
    Random random(seed);
    std::vector<Cell> held;
    bool good = true;
    for (int i = 0; i < steps || !held.empty(); ++i) {
        bool more = i < steps && (held.empty() || random.below(100) < 55);
        if (more) {
            held.push_back(take(slabs, random));
            good = good && reinterpret_cast<std::uintptr_t>(held.back().at) % FrameSlabs::step == 0;
            continue;
        }
        std::swap(held[random.below(held.size())], held.back());
        good = good && untouched(held.back());
        slabs.give_back(held.back().at);
        held.pop_back();
    }
    return good;
}

/// Pages of the stretch around `at` that lie in memory.
int pages_of(const void* at) {
    constexpr std::size_t page = 4096;
    auto address = reinterpret_cast<std::uintptr_t>(at);
    auto* begin = reinterpret_cast<void*>(address - address % FrameSlabs::slab_bytes);
    unsigned char there[FrameSlabs::slab_bytes / page] = {};
    REQUIRE(::mincore(begin, FrameSlabs::slab_bytes, there) == 0);
    int sum = 0;
    for (auto each : there)
        sum += each & 1;
    return sum;
}

}  // namespace

TEST_CASE("cells of slabs never overlap, and all of them go back", "[loop]") {
    auto seed = std::uint64_t{std::random_device{}()};
    INFO("seed " << seed);
    FrameSlabs slabs;
    CHECK(churn(slabs, seed, 20'000));
    CHECK(slabs.slabs_in_use() == 0);
}

TEST_CASE("several threads share the slabs, and free each other's cells", "[loop]") {
    auto seed = std::uint64_t{std::random_device{}()};
    INFO("seed " << seed);
    FrameSlabs slabs;
    std::vector<void*> handed;
    for (int i = 0; i < 1000; ++i)
        handed.push_back(slabs.take(160));
    std::vector<int> good(3);
    std::vector<std::thread> threads;
    for (std::size_t n = 0; n < good.size(); ++n)
        threads.emplace_back([&, n] { good[n] = churn(slabs, seed + n, 5'000) ? 1 : 0; });
    threads.emplace_back([&] {
        for (auto* cell : handed)
            slabs.give_back(cell);
    });
    for (auto& thread : threads)
        thread.join();
    CHECK(good == std::vector<int>{1, 1, 1});
    CHECK(slabs.slabs_in_use() == 0);
}

TEST_CASE("what a burst leaves of one size holds no page beside what stays", "[loop]") {
    FrameSlabs slabs;
    std::vector<void*> moment;
    std::vector<void*> stays;
    for (int i = 0; i < 200; ++i) {
        moment.push_back(slabs.take(1008));
        stays.push_back(slabs.take(320));
        std::memset(moment.back(), 1, 1008);
        std::memset(stays.back(), 1, 320);
    }
    CHECK(pages_of(moment.front()) == 4);
    for (auto* cell : moment)
        slabs.give_back(cell);
    for (auto* cell : moment)
        CHECK(pages_of(cell) == 0);
    CHECK(slabs.slabs_in_use() == (200 + 50) / 51);
    for (auto* cell : stays)
        slabs.give_back(cell);
    CHECK(slabs.slabs_in_use() == 0);
}
