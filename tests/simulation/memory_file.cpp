#include "tests/simulation/memory_file.hpp"

#include <algorithm>

namespace obliv::simulation {
namespace {

constexpr std::size_t sector = 512;

void put(Bytes& image, std::size_t offset, const unsigned char* bytes, std::size_t size) {
    if (image.size() < offset + size)
        image.resize(offset + size);
    std::copy_n(bytes, size, image.data() + offset);
}

void redo(Bytes& image, const MemoryFile::Step& step) {
    if (step.bytes.empty())
        image.resize(step.offset);
    else
        put(image, step.offset, step.bytes.data(), step.bytes.size());
}

/// Each sector with a chance of one half.
void redo_torn(Bytes& image, const MemoryFile::Step& step, Random& random) {
    if (step.bytes.empty()) {
        if (random.below(2) == 0)
            image.resize(step.offset);
        return;
    }
    std::size_t at = 0;
    while (at < step.bytes.size()) {
        auto size = std::min(sector - (step.offset + at) % sector, step.bytes.size() - at);
        if (random.below(2) == 0)
            put(image, step.offset + at, step.bytes.data() + at, size);
        at += size;
    }
}

}  // namespace

void MemoryFile::write(std::size_t offset, const unsigned char* bytes, std::size_t size) {
    if (size == 0)
        return;
    put(live, offset, bytes, size);
    if (!scratch)
        unsynced.push_back({offset, Bytes(bytes, bytes + size)});
}

void MemoryFile::truncate(std::size_t size) {
    live.resize(size);
    if (!scratch)
        unsynced.push_back({size, {}});
}

void MemoryFile::sync() {
    for (const auto& step : unsynced)
        redo(durable, step);
    unsynced.clear();
}

void MemoryFile::sync_badly(Random& random) {
    for (const auto& step : unsynced)
        redo_torn(durable, step, random);
    unsynced.clear();
}

void MemoryFile::cut_power(Random& random) {
    switch (random.below(4)) {
    case 0:
        break;  // nothing
    case 1:
        sync();
        break;
    case 2: {  // all up to a point
        auto count = random.below(unsynced.size() + 1);
        for (std::size_t i = 0; i < count; ++i)
            redo(durable, unsynced[i]);
        if (count < unsynced.size())
            redo_torn(durable, unsynced[count], random);
        break;
    }
    default:  // anything, in any order
        for (const auto& step : unsynced)
            redo_torn(durable, step, random);
    }
    unsynced.clear();
    live = durable;
}

}  // namespace obliv::simulation
