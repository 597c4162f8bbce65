#include "core/loop/blocks.hpp"

#include <catch2/catch.hpp>

#include <cstring>
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
    CHECK(pool.kept_bytes() == BlockPool::smallest);
    auto again = pool.take(4096);
    CHECK(again.data() == first);
    CHECK(pool.kept_bytes() == 0);
    auto larger = pool.take(4097);
    CHECK(larger.capacity() == 8192);
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
    CHECK(pool.kept_bytes() <= 128 * BlockPool::smallest);
    pool.tidy();  // all of them were in use since the start
    CHECK(pool.kept_bytes() > 2 * BlockPool::smallest);
    for (int second = 0; second < 3; ++second) {
        {
            auto one = pool.take(BlockPool::smallest);
            auto two = pool.take(BlockPool::smallest);
        }
        pool.tidy();
        CHECK(pool.kept_bytes() == 2 * BlockPool::smallest);
    }
    pool.tidy();
    CHECK(pool.kept_bytes() == 0);
    auto fresh = pool.take(BlockPool::smallest);
    CHECK(fresh);
}
