#include "core/loop/blocks.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <vector>

using namespace obliv::loop;

TEST_CASE("the block given back last is taken next", "[loop]") {
    BlockPool pool;
    char* first = nullptr;
    {
        auto block = pool.take(100);
        CHECK(block.capacity() == BlockPool::smallest);
        first = block.data();
    }
    CHECK(pool.kept_bytes() == Pages::page);
    auto again = pool.take(BlockPool::smallest);
    CHECK(again.data() == first);
    CHECK(pool.kept_bytes() == 0);
    auto larger = pool.take(BlockPool::smallest + 1);
    CHECK(larger.capacity() == BlockPool::capacity_of(8192));
}

TEST_CASE("blocks have padding, move, and can be let go of early", "[loop]") {
    BlockPool pool;
    auto block = pool.take(10'000);
    std::memset(block.data(), 1, block.capacity() + Block::padding);
    auto moved = std::move(block);
    CHECK_FALSE(block);
    CHECK(moved);
    moved.release();
    CHECK_FALSE(moved);
    moved.release();
    CHECK(pool.kept_bytes() == 16'384);
    pool.trim();
    CHECK(pool.kept_bytes() == 0);
}

TEST_CASE("what is kept is bounded, and the largest blocks are not kept", "[loop]") {
    BlockPool pool;
    { auto huge = pool.take(8U << 20); }
    CHECK(pool.kept_bytes() == 0);
    {
        std::vector<Block> many;
        for (int i = 0; i < 100; ++i)
            many.push_back(pool.take(1U << 20));
    }
    CHECK(pool.kept_bytes() <= (4U << 20));
    CHECK(pool.kept_bytes() > 0);
}

TEST_CASE("what a burst of blocks leaves behind goes, what is used all the time stays", "[loop]") {
    BlockPool pool;
    {
        std::vector<Block> burst;
        for (int i = 0; i < 1000; ++i)
            burst.push_back(pool.take(BlockPool::smallest));
    }
    CHECK(pool.kept_bytes() <= 128 * Pages::page);
    pool.tidy();  // all of them were in use since the start
    CHECK(pool.kept_bytes() > 2 * Pages::page);
    for (int second = 0; second < 3; ++second) {
        {
            auto one = pool.take(BlockPool::smallest);
            auto two = pool.take(BlockPool::smallest);
        }
        pool.tidy();
        CHECK(pool.kept_bytes() == 2 * Pages::page);
    }
    pool.tidy();
    CHECK(pool.kept_bytes() == 0);
    auto fresh = pool.take(BlockPool::smallest);
    CHECK(fresh);
}

TEST_CASE("a burst of blocks leaves no memory behind", "[loop]") {
    Pages pages;
    std::vector<char*> burst;
    for (int i = 0; i < 300; ++i)
        burst.push_back(pages.take(Pages::page << (i % 3)));
    for (int i = 0; i < 300; ++i)
        std::memset(burst[static_cast<std::size_t>(i)], 1, Pages::page << (i % 3));
    std::vector<unsigned char> there(4);
    for (int i = 0; i < 300; ++i) {
        auto* memory = burst[static_cast<std::size_t>(i)];
        auto size = Pages::page << (i % 3);
        pages.give_back(memory, size);
#ifndef __SANITIZE_ADDRESS__
        REQUIRE(::mincore(memory, size, there.data()) == 0);
        for (std::size_t page = 0; page < size / Pages::page; ++page)
            CHECK((there[page] & 1) == 0);
#endif
    }
    for (int i = 0; i < 300; ++i) {  // the same addresses serve again
        auto* memory = pages.take(Pages::page << (i % 3));
#ifndef __SANITIZE_ADDRESS__
        CHECK(std::find(burst.begin(), burst.end(), memory) != burst.end());
#endif
        std::memset(memory, 2, Pages::page << (i % 3));
        pages.give_back(memory, Pages::page << (i % 3));
    }
    auto* huge = pages.take(1U << 20);
    std::memset(huge, 3, 1U << 20);
    pages.give_back(huge, 1U << 20);
}
