#include "core/loop/blocks.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <sanitizer/asan_interface.h>

namespace obliv::loop {
namespace {

std::size_t class_of(std::size_t memory) noexcept {
    return static_cast<std::size_t>(std::countr_zero(memory / Pages::page));
}

}  // namespace

void Block::give_back() noexcept {
    auto label = this->label();
    label.pool->give_back(std::exchange(data_, nullptr), label.capacity);
}

Block BlockPool::take(std::size_t size) {
    auto memory = std::bit_ceil(std::max(size + overhead, Pages::page));
    auto capacity = capacity_of(memory);
    auto index = class_of(memory);
    if (index < classes && !free_[index].empty()) {
        auto* data = free_[index].back();
        free_[index].pop_back();
        spare_[index] = std::min(spare_[index], free_[index].size());
        kept_bytes_ -= memory;
        ASAN_UNPOISON_MEMORY_REGION(data, capacity + Block::padding);
        return Block(data);
    }
    auto* label = new (pages_.take(memory)) Block::Label{capacity, this};
    return Block(reinterpret_cast<char*>(label) + sizeof(Block::Label));
}

void BlockPool::give_back(char* data, std::size_t capacity) noexcept {
    auto memory = capacity + overhead;
    auto index = class_of(memory);
    if (index < classes && kept_bytes_ + memory <= kept_bytes_max &&
        free_[index].size() < kept_of_a_size_max) {
        try {
            free_[index].push_back(data);
            kept_bytes_ += memory;
            // Under AddressSanitizer a use of what was given back is an error; else this is
            // nothing.
            ASAN_POISON_MEMORY_REGION(data, capacity + Block::padding);
            return;
        } catch (const std::bad_alloc&) {
            // The list could not grow; the block itself goes back.
        }
    }
    free(data);
}

void BlockPool::free(char* data) noexcept {
    auto* memory = data - sizeof(Block::Label);
    auto capacity = std::launder(reinterpret_cast<Block::Label*>(memory))->capacity;
    pages_.give_back(memory, capacity + overhead);
}

void BlockPool::tidy() noexcept {
    for (std::size_t index = 0; index < classes; ++index) {
        // Those at the front have lain longest.
        auto& list = free_[index];
        auto end = list.begin() + static_cast<std::ptrdiff_t>(spare_[index]);
        std::for_each(list.begin(), end, [this](char* data) { free(data); });
        kept_bytes_ -= spare_[index] * (Pages::page << index);
        list.erase(list.begin(), end);
        spare_[index] = list.size();
    }
}

void BlockPool::trim() noexcept {
    for (auto& list : free_) {
        for (auto* data : list)
            free(data);
        list.clear();
    }
    spare_ = {};
    kept_bytes_ = 0;
}

BlockPool::~BlockPool() {
    trim();
}

}  // namespace obliv::loop
