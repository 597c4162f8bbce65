#include "core/loop/blocks.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <sanitizer/asan_interface.h>

namespace obliv::loop {
namespace {

std::size_t class_of(std::size_t capacity) noexcept {
    return static_cast<std::size_t>(std::countr_zero(capacity / BlockPool::smallest));
}

}  // namespace

void Block::release() noexcept {
    if (data_ == nullptr)
        return;
    auto label = this->label();
    label.pool->give_back(std::exchange(data_, nullptr), label.capacity);
}

Block BlockPool::take(std::size_t size) {
    auto capacity = std::bit_ceil(size < smallest ? smallest : size);
    auto index = class_of(capacity);
    if (index < classes && !free_[index].empty()) {
        auto* data = free_[index].back();
        free_[index].pop_back();
        spare_[index] = std::min(spare_[index], free_[index].size());
        kept_bytes_ -= capacity;
        ASAN_UNPOISON_MEMORY_REGION(data, capacity + Block::padding);
        return Block(data);
    }
    auto* memory =
        static_cast<char*>(::operator new(sizeof(Block::Label) + capacity + Block::padding));
    new (memory) Block::Label{capacity, this};
    return Block(memory + sizeof(Block::Label));
}

void BlockPool::give_back(char* data, std::size_t capacity) noexcept {
    auto index = class_of(capacity);
    if (index < classes && kept_bytes_ + capacity <= kept_bytes_max &&
        free_[index].size() < kept_of_a_size_max) {
        try {
            free_[index].push_back(data);
            kept_bytes_ += capacity;
            // Under AddressSanitizer a use of what was given back is an error; else this is
            // nothing.
            ASAN_POISON_MEMORY_REGION(data, capacity + Block::padding);
            return;
        } catch (const std::bad_alloc&) {
            // The list could not grow; the block itself goes back to the allocator.
        }
    }
    free(data);
}

void BlockPool::free(char* data) noexcept {
    ::operator delete(data - sizeof(Block::Label));
}

void BlockPool::tidy() noexcept {
    for (std::size_t index = 0; index < classes; ++index) {
        // Those at the front have lain longest.
        auto& list = free_[index];
        auto end = list.begin() + static_cast<std::ptrdiff_t>(spare_[index]);
        std::for_each(list.begin(), end, free);
        kept_bytes_ -= spare_[index] * (smallest << index);
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
