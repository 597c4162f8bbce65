#pragma once

#include "core/loop/pages.hpp"

#include <array>
#include <cstddef>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::loop {

class BlockPool;

/// Uninitialised memory on loan from a pool; goes back by itself. May be given back on its loop
/// only. A pointer wide, because an open stream has several that are empty: the memory itself knows
/// how large it is and whose.
class Block {
public:
    /// Readable (not meaningful) bytes behind `capacity()`: what simdjson wants to read past a
    /// text.
    static constexpr std::size_t padding = 64;

    Block() = default;
    Block(Block&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    Block& operator=(Block&& other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    ~Block() { release(); }

    char* data() noexcept { return data_; }
    const char* data() const noexcept { return data_; }
    std::size_t capacity() const noexcept { return data_ != nullptr ? label().capacity : 0; }
    explicit operator bool() const noexcept { return data_ != nullptr; }
    void release() noexcept {
        if (data_ != nullptr)
            give_back();
    }

private:
    friend class BlockPool;
    /// Lies in front of the data.
    struct alignas(16) Label {
        std::size_t capacity;
        BlockPool* pool;
    };
    explicit Block(char* data) noexcept : data_(data) {}
    void give_back() noexcept;
    const Label& label() const noexcept {
        return *std::launder(reinterpret_cast<const Label*>(data_ - sizeof(Label)));
    }

    char* data_ = nullptr;
};

/// Free lists of blocks, which take powers of two of memory from 4 KiB to 4 MiB, one pool per loop.
/// Last in, first out: the block just given back is the one in the cache. Larger ones come from and
/// return to the system.
class BlockPool {
public:
    static constexpr std::size_t overhead = sizeof(Block::Label) + Block::padding;
    static constexpr std::size_t smallest = Pages::page - overhead;
    /// Of a block that takes so much memory, a power of two.
    static constexpr std::size_t capacity_of(std::size_t memory) noexcept {
        return memory - overhead;
    }

    BlockPool() = default;
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;
    ~BlockPool();

    /// A block of at least `size` bytes. Never fails but by std::bad_alloc.
    Block take(std::size_t size);
    /// Frees what was kept and not needed since it was last called.
    void tidy() noexcept;
    /// Frees what is kept.
    void trim() noexcept;
    /// Memory that is kept.
    std::size_t kept_bytes() const noexcept { return kept_bytes_; }

private:
    friend class Block;
    static constexpr std::size_t classes = 11;
    // More would be memory held for no one: a burst of new streams takes thousands of small blocks
    // at once and never again.
    static constexpr std::size_t kept_bytes_max = 4U << 20;
    static constexpr std::size_t kept_of_a_size_max = 128;

    void give_back(char* data, std::size_t capacity) noexcept;
    void free(char* data) noexcept;

    Pages pages_;
    std::array<std::vector<char*>, classes> free_;
    std::array<std::size_t, classes> spare_{};  // the fewest that were free since tidy()
    std::size_t kept_bytes_ = 0;
};

}  // namespace obliv::loop
