#include "daemon/billing/ring.hpp"

#include "core/base/check.hpp"
#include "daemon/billing/slot.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace obliv::billing {
namespace {

constexpr std::size_t header_bytes = 4096;
constexpr char magic[8] = {'O', 'B', 'L', 'R', 'I', 'N', 'G', '1'};

struct Header {
    char magic[8];
    std::uint32_t slot_bytes;
    std::uint32_t slots;
};
// Behind it, how many calls are open: a count on a line of its own for each loop, up to a number.
constexpr std::size_t line_bytes = 64;
constexpr std::size_t open_counts = header_bytes / line_bytes - 1;

std::size_t place_of_count(std::size_t partition) noexcept {
    return line_bytes * (1 + partition % open_counts);
}

Error failed(const std::string& doing, const std::string& path, int error) {
    return fail(Code::io,
                "cannot " + doing + " the intent ring " + path + ": " + std::strerror(error));
}

}  // namespace

IntentRing::IntentRing(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

IntentRing::~IntentRing() {
    unmap();
    ::close(descriptor_);
}

void IntentRing::unmap() noexcept {
    partitions_.clear();
    if (map_)
        ::munmap(map_, map_bytes_);
    map_ = nullptr;
}

Result<std::unique_ptr<IntentRing>> IntentRing::open(const std::string& path) {
    int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return failed("open", path, errno);
    std::unique_ptr<IntentRing> ring(new IntentRing(path, descriptor));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return fail(Code::conflict, "the intent ring " + path +
                                        " is in use by another process: stop that one first");
    auto done = ring->read_contents();
    if (!done)
        return done.error();
    return ring;
}

Result<void> IntentRing::read_contents() {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0)
        return failed("read", path_, errno);
    Header header{};
    // A file that was being made when the process died has no header, and no slot was used.
    if (::pread(descriptor_, &header, sizeof(header), 0) != sizeof(header) || header.slots == 0)
        return ok();
    if (std::memcmp(header.magic, magic, sizeof(magic)) != 0 || header.slot_bytes != slot_bytes)
        return fail(Code::corrupt, path_ + " is no intent ring of this program: move it away only "
                                           "if it holds no calls");
    std::array<unsigned char, header_bytes> page{};
    if (::pread(descriptor_, page.data(), page.size(), 0) == header_bytes)
        for (std::size_t i = 0; i < open_counts; ++i) {
            std::uint32_t open = 0;
            std::memcpy(&open, page.data() + place_of_count(i), sizeof(open));
            contents_.open += open;
        }
    // Read, not mapped: mapping would bring every page of a file that is mostly unused.
    constexpr std::size_t chunk_slots = 2048;
    std::vector<std::uint64_t> chunk(chunk_slots * slot_bytes / sizeof(std::uint64_t));
    auto* bytes = reinterpret_cast<unsigned char*>(chunk.data());
    std::string damaged;
    for (std::uint32_t first = 0; first < header.slots; first += chunk_slots) {
        auto offset = header_bytes + std::size_t{first} * slot_bytes;
        auto count =
            ::pread(descriptor_, bytes, chunk_slots * slot_bytes, static_cast<off_t>(offset));
        if (count < 0)
            return failed("read", path_, errno);
        auto slots = std::min<std::size_t>(static_cast<std::size_t>(count) / slot_bytes,
                                           header.slots - first);
        for (std::size_t i = 0; i < slots; ++i)
            read_slot(bytes + i * slot_bytes, damaged);
    }
    return damaged.empty() ? ok() : keep_damaged(damaged);
}

void IntentRing::read_slot(const unsigned char* slot, std::string& damaged) {
    auto state = slot_state(slot);
    if (state == SlotState::free)
        return;
    auto call = state == SlotState::settled ? read_settled(slot) : std::nullopt;
    if (call) {
        contents_.settled.push_back(std::move(*call));
        return;
    }
    contents_.damaged.push_back(describe_damaged(slot));
    damaged.append(reinterpret_cast<const char*>(slot), slot_bytes);
}

Result<void> IntentRing::keep_damaged(const std::string& bytes) {
    auto path = path_ + ".damaged";
    int descriptor = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return failed("keep damaged slots of", path_, errno);
    auto written = ::write(descriptor, bytes.data(), bytes.size());
    ::close(descriptor);
    if (written != static_cast<ssize_t>(bytes.size()))
        return failed("keep damaged slots of", path_, errno);
    return ok();
}

Result<void> IntentRing::start(std::uint32_t slots, unsigned partitions) {
    check(partitions > 0 && slots >= partitions, "every loop has a slot");
    unmap();
    map_bytes_ = header_bytes + std::size_t{slots} * slot_bytes;
    // Emptied first, so that all of it reads as free; then given its blocks, because writing to a
    // hole of a mapped file on a full disk kills the process.
    if (::ftruncate(descriptor_, 0) != 0)
        return failed("empty", path_, errno);
    if (int error = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(map_bytes_)); error != 0)
        return failed("allocate " + std::to_string(map_bytes_) + " bytes for", path_, error);
    void* map = ::mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (map == MAP_FAILED)
        return failed("map", path_, errno);
    map_ = static_cast<unsigned char*>(map);
    Header header{{}, slot_bytes, slots};
    std::memcpy(header.magic, magic, sizeof(magic));
    std::memcpy(map_, &header, sizeof(header));
    // What the kernel saves of the slots is worth nothing after a power cut without the head.
    if (::fsync(descriptor_) != 0)
        return failed("save", path_, errno);
    slots_ = slots / partitions * partitions;
    auto each = slots / partitions;
    for (unsigned i = 0; i < partitions; ++i)
        partitions_.push_back(std::make_unique<RingPartition>(
            map_ + header_bytes + std::size_t{i} * each * slot_bytes, each,
            reinterpret_cast<std::uint32_t*>(map_ + place_of_count(i))));
    return ok();
}

std::uint32_t IntentRing::used() const noexcept {
    std::uint32_t sum = 0;
    for (const auto& partition : partitions_)
        sum += partition->used();
    return sum;
}

RingPartition::RingPartition(unsigned char* first, std::uint32_t count, std::uint32_t* open)
    : first_(first), open_(open) {
    free_.reserve(count);
    for (std::uint32_t i = count; i > 0; --i)
        free_.push_back(i - 1);
    returned_.reserve(count);
}

Result<void> RingPartition::promise() {
    if (any_returned_.load(std::memory_order_relaxed)) {
        std::lock_guard lock(returned_mutex_);
        free_.insert(free_.end(), returned_.begin(), returned_.end());
        returned_.clear();
        any_returned_.store(false, std::memory_order_relaxed);
    }
    if (free_.size() == promised_)
        return fail(Code::overloaded, "too many calls are waiting to be stored");
    ++promised_;
    used_.fetch_add(1, std::memory_order_relaxed);
    count_open(1);
    return ok();
}

std::uint32_t RingPartition::settle(const storage::Call& call) noexcept {
    auto slot = free_.back();
    free_.pop_back();
    --promised_;
    write_settled(at(slot), call);
    count_open(~std::uint32_t{0});
    return slot;
}

void RingPartition::release() noexcept {
    --promised_;
    used_.fetch_sub(1, std::memory_order_relaxed);
    count_open(~std::uint32_t{0});
}

void RingPartition::count_open(std::uint32_t step) noexcept {
    std::atomic_ref(*open_).fetch_add(step, std::memory_order_relaxed);
}

void RingPartition::give_back(const std::vector<std::uint32_t>& slots) noexcept {
    for (auto slot : slots)
        set_slot_state(at(slot), SlotState::free);
    used_.fetch_sub(static_cast<std::uint32_t>(slots.size()), std::memory_order_relaxed);
    std::lock_guard lock(returned_mutex_);
    returned_.insert(returned_.end(), slots.begin(), slots.end());
    any_returned_.store(true, std::memory_order_relaxed);
}

unsigned char* RingPartition::at(std::uint32_t slot) const noexcept {
    return first_ + std::size_t{slot} * slot_bytes;
}

}  // namespace obliv::billing
