#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace obliv::loop {

/// Memory for blocks, in powers of two from a page up. What is given back has no page any more, so
/// that a burst leaves nothing behind: on the heap its blocks would lie between what lives for
/// hours, and none of that is ever the system's again. Of one thread.
class Pages {
public:
    static constexpr std::size_t page = 4 * 1024;

    Pages() = default;
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    ~Pages();  // after all was given back

    /// `size` is a power of two, at least a page. Throws std::bad_alloc.
    char* take(std::size_t size);
    void give_back(char* memory, std::size_t size) noexcept;

private:
    // Larger ones are mapped one by one.
    static constexpr std::size_t sizes = 5;
    static constexpr std::size_t region_size = 256 * 1024;

    char* carve(std::size_t index);

    std::vector<char*> regions_;
    std::size_t left_ = 0;                        // of the last region, at its end
    std::array<std::vector<char*>, sizes> free_;  // with room for all that were carved
    std::array<std::size_t, sizes> carved_{};
};

}  // namespace obliv::loop
