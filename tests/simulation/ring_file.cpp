#include "tests/simulation/ring_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace obliv::simulation {
namespace {

constexpr std::size_t page = 4096;

}  // namespace

void RingFile::started() {
    saved_ = get();
}

void RingFile::write_back() {
    auto now = get();
    auto pages = now.size() / page;
    if (pages == 0)
        return;
    auto at = static_cast<std::ptrdiff_t>(random_.below(pages) * page);
    std::copy_n(now.begin() + at, page, saved_.begin() + at);
}

void RingFile::freeze() {
    if (!frozen_)
        at_death_ = get();
    frozen_ = true;
}

Bytes RingFile::get() const {
    std::ifstream file(path_, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

void RingFile::put(const Bytes& bytes) const {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

}  // namespace obliv::simulation
