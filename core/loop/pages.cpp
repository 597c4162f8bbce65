#include "core/loop/pages.hpp"

#include "core/base/check.hpp"

#include <bit>
#include <new>
#include <sys/mman.h>

namespace obliv::loop {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool from_heap = true;  // where every block has its own red zones
#else
constexpr bool from_heap = false;
#endif

char* map(std::size_t size) {
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    return static_cast<char*>(memory);
}

std::size_t index_of(std::size_t size) noexcept {
    return static_cast<std::size_t>(std::countr_zero(size / Pages::page));
}

}  // namespace

char* Pages::take(std::size_t size) {
    check(std::has_single_bit(size) && size >= page, "pages come in powers of two");
    if (from_heap)
        return static_cast<char*>(::operator new(size));
    auto index = index_of(size);
    if (index >= sizes)
        return map(size);
    if (free_[index].empty())
        return carve(index);
    auto* memory = free_[index].back();
    free_[index].pop_back();
    return memory;
}

char* Pages::carve(std::size_t index) {
    auto size = page << index;
    free_[index].reserve(carved_[index] + 1);  // so that giving it back cannot fail
    if (left_ < size) {
        regions_.reserve(regions_.size() + 1);
        regions_.push_back(map(region_size));
        left_ = region_size;
    }
    ++carved_[index];
    auto* memory = regions_.back() + (region_size - left_);
    left_ -= size;
    return memory;
}

void Pages::give_back(char* memory, std::size_t size) noexcept {
    if (from_heap)
        return ::operator delete(memory);
    auto index = index_of(size);
    if (index >= sizes) {
        ::munmap(memory, size);
        return;
    }
    ::madvise(memory, size, MADV_DONTNEED);
    free_[index].push_back(memory);
}

Pages::~Pages() {
    for (auto* region : regions_)
        ::munmap(region, region_size);
}

}  // namespace obliv::loop
