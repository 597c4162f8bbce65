#pragma once

#include "core/base/bound.hpp"
#include "core/base/result.hpp"
#include "core/loop/blocks.hpp"
#include "core/loop/frames.hpp"
#include "core/loop/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace obliv::loop {
class Loop;
}

namespace obliv::server {

class Bodies;

/// One request body, as it comes in and until it is not needed any more: in a block of memory, or
/// through a small buffer into a file. Belongs to the loop of its connection.
class Body final : public loop::InFrames {
public:
    /// Null `bodies`: any body is kept in memory.
    Body(loop::Loop& loop, Bodies* bodies) noexcept : loop_(loop), bodies_(bodies) {}
    ~Body();
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;

    /// Takes what a body of `length` bytes needs, if that is known; the room is for `first` bytes
    /// at least. `overloaded`: there is no place for it now; `payload_too_large`: there never is.
    Result<void> begin(std::size_t first, std::optional<std::size_t> length);

    /// Where the next bytes go; add() then says how many came.
    std::span<char> room() noexcept { return {data_ + used_, capacity_ - used_}; }
    void add(std::size_t bytes) noexcept { used_ += bytes; }
    /// Makes more room. Fails as begin() does, or with `unavailable` where the disk does.
    loop::Task<Result<void>> make_room();
    /// All of it, with loop::Block::padding readable bytes behind.
    loop::Task<Result<std::string_view>> finish();

    std::uint64_t size() const noexcept { return filed_ + used_; }
    bool in_file() const noexcept { return spool_ != nullptr; }
    std::string_view in_memory() const noexcept { return {data_, used_}; }
    /// Once it is whole: the file; empty if there is none.
    std::string_view mapped() const noexcept;

private:
    struct Spool;

    loop::Task<Result<void>> append(std::string_view bytes);
    Result<void> open_spool(std::size_t buffer);
    Result<void> take_disk(std::uint64_t size);
    Result<void> grow();
    loop::Task<Result<void>> flush(bool last);

    loop::Loop& loop_;
    Bodies* bodies_;
    char* data_ = nullptr;  ///< of the block or the spool's buffer
    std::size_t capacity_ = 0;
    std::size_t used_ = 0;
    std::uint64_t filed_ = 0;
    Share memory_;
    loop::Block block_;
    std::shared_ptr<Spool> spool_;  ///< shared with the worker that writes
};

}  // namespace obliv::server
