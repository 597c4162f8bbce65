#include "daemon/server/body.hpp"

#include "core/base/log.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/unnamed_file.hpp"
#include "daemon/server/bodies.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>

namespace obliv::server {
namespace {

// A hundred megabytes are four hundred trips to a worker.
constexpr std::size_t buffer_usual = 256U << 10;
// Where there is no memory left for bodies: as much as the connection itself has.
constexpr std::size_t buffer_least = 8U << 10;
constexpr auto retry_after = std::chrono::seconds(1);
constexpr auto retry_after_full = std::chrono::seconds(10);
// Between two questions to the disk.
constexpr std::int64_t disk_step = 16U << 20;

std::int64_t count(std::uint64_t bytes) {
    return static_cast<std::int64_t>(bytes);
}

/// What a block of this capacity takes.
std::int64_t memory_of(std::size_t capacity) {
    using Pool = loop::BlockPool;
    return count(std::bit_ceil(std::max(capacity, Pool::smallest) + Pool::overhead));
}

}  // namespace

struct Body::Spool {
    loop::UnnamedFile file;
    loop::Mapping mapping;
    std::unique_ptr<char[]> buffer;
    Share disk;
    Share ahead;  ///< of the disk, for what comes next
};

namespace {

/// On a worker: `ahead` is to have place for `size` bytes, the next of `to_come`. The disk is the
/// database's, too.
Result<void> ask_disk(Bodies& bodies, Share& ahead, std::int64_t size, std::int64_t to_come) {
    if (size <= ahead.bytes())
        return ok();
    auto more = std::min(size + disk_step, to_come) - ahead.bytes();
    auto free = bodies.free_bytes();
    if ((!free || *free - bodies.ahead.taken() >= more) && ahead.take(bodies.ahead, more))
        return ok();
    log::write_limited(log::Level::err, "disk_low",
                       "the disk has no place for a request body but what limits.disk_reserve "
                       "keeps",
                       {{"folder", bodies.folder()}});
    auto error = fail(Code::overloaded,
                      "there is no place for a body of this size at the moment; try again");
    error.retry_after = retry_after_full;
    return error;
}

}  // namespace

/// Freeing the pages of a large file is a worker's.
Body::~Body() {
    if (!spool_)
        return;
    spool_->disk.resize(0);
    try {
        auto& pool = bodies_->pool();
        auto gone = [spool = std::move(spool_)] {};
        auto posted = pool.post(std::move(gone));
        (void)posted.has_value();  // refused: it is freed here
    } catch (const std::exception&) {
        // No memory for the errand: likewise.
    }
}

Result<void> Body::begin(std::size_t first, std::optional<std::size_t> length) {
    auto wanted = length.value_or(first);
    bool fits = bodies_ == nullptr || (wanted <= body_bytes_in_memory &&
                                       memory_.take(bodies_->memory, memory_of(wanted)));
    if (fits) {
        block_ = loop_.blocks().take(wanted);
        data_ = block_.data();
        capacity_ = length.value_or(block_.capacity());
        return ok();
    }
    if (length)
        if (auto taken = take_disk(*length); !taken)
            return taken;
    return open_spool(std::max(first, buffer_least));
}

Result<void> Body::open_spool(std::size_t buffer) {
    memory_.resize(0);
    if (buffer < buffer_usual && memory_.take(bodies_->memory, buffer_usual))
        buffer = buffer_usual;
    if (!spool_)
        spool_ = std::make_shared<Spool>();
    spool_->buffer.reset(new char[buffer]);  // unlike make_unique, this clears nothing
    data_ = spool_->buffer.get();
    capacity_ = buffer;
    return ok();
}

/// For a file of `size` bytes.
Result<void> Body::take_disk(std::uint64_t size) {
    if (!spool_)
        spool_ = std::make_shared<Spool>();
    auto& disk = bodies_->disk;
    auto more = count(size) - spool_->disk.bytes();
    if (more <= 0 || spool_->disk.take(disk, more))
        return ok();
    if (count(size) > disk.most())
        return fail(Code::payload_too_large, "the request body is over the limit of " +
                                                 std::to_string(disk.most()) +
                                                 " bytes for all of them together");
    auto error = fail(Code::overloaded,
                      "large request bodies have all the place there is for them; try again");
    error.retry_after = retry_after;
    return error;
}

loop::Task<Result<void>> Body::make_room() {
    if (!spool_) {
        if (auto grown = grow(); !grown)
            co_return grown.error();
        if (!spool_)
            co_return ok();
        auto text = std::move(block_);
        auto size = std::exchange(used_, 0);
        auto start = std::string_view(text.data(), size);
        co_return co_await append(start);
    }
    co_return co_await flush(false);
}

/// A larger block, or, if that is too large, a file to which the block goes next.
Result<void> Body::grow() {
    using Pool = loop::BlockPool;
    auto wanted = Pool::capacity_of((block_.capacity() + Pool::overhead) * 2);
    bool fits =
        bodies_ == nullptr || (wanted <= body_bytes_in_memory &&
                               memory_.take(bodies_->memory, memory_of(wanted) - memory_.bytes()));
    if (!fits)
        return open_spool(buffer_least);
    auto larger = loop_.blocks().take(wanted);
    std::memcpy(larger.data(), block_.data(), used_);
    block_ = std::move(larger);
    data_ = block_.data();
    capacity_ = block_.capacity();
    return ok();
}

loop::Task<Result<void>> Body::append(std::string_view bytes) {
    while (!bytes.empty()) {
        if (room().empty()) {
            auto made = co_await make_room();
            if (!made)
                co_return made.error();
        }
        auto some = std::min(room().size(), bytes.size());
        std::memcpy(room().data(), bytes.data(), some);
        add(some);
        bytes.remove_prefix(some);
    }
    co_return ok();
}

/// What is in the buffer goes to the file; with the `last` of it, the file becomes memory.
loop::Task<Result<void>> Body::flush(bool last) {
    auto size = used_;
    if (auto taken = take_disk(filed_ + size); !taken)
        co_return taken.error();
    // Of a body whose length nobody knows: what has come.
    auto to_come = spool_->disk.bytes() - count(filed_);
    auto work = [spool = spool_, size, last, to_come, &bodies = *bodies_]() -> Result<void> {
        if (auto asked = ask_disk(bodies, spool->ahead, count(size), to_come); !asked)
            return asked;
        if (!spool->file) {
            auto made = loop::UnnamedFile::make(bodies.folder());
            if (!made)
                return made.error();
            spool->file = std::move(*made);
        }
        auto put = spool->file.append({spool->buffer.get(), size});
        spool->ahead.resize(last || !put ? 0 : spool->ahead.bytes() - count(size));
        if (!put || !last)
            return put;
        auto mapped = spool->file.map();
        if (!mapped)
            return mapped.error();
        spool->mapping = std::move(*mapped);
        spool->file = loop::UnnamedFile();  // the mapping holds it
        return ok();
    };
    auto done = co_await loop::run_blocking(bodies_->pool(), std::move(work));
    if (done) {
        filed_ += size;
        used_ = 0;
    }
    co_return done;
}

loop::Task<Result<std::string_view>> Body::finish() {
    if (!spool_)
        co_return in_memory();
    auto written = co_await flush(true);
    if (!written)
        co_return written.error();
    spool_->buffer.reset();
    data_ = nullptr;
    capacity_ = 0;
    memory_.resize(0);
    co_return spool_->mapping.view();
}

std::string_view Body::mapped() const noexcept {
    return spool_ ? spool_->mapping.view() : std::string_view{};
}

}  // namespace obliv::server
