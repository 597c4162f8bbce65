#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace obliv {

/// How many bytes of something there may be at once, over all threads. Any thread.
class Bound {
public:
    explicit Bound(std::int64_t most) noexcept : most_(most) {}
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;

    /// False: so many are not free now.
    bool take(std::int64_t bytes) noexcept {
        auto seen = taken();
        do {
            if (bytes > most() - seen)
                return false;
        } while (!taken_.compare_exchange_weak(seen, seen + bytes, std::memory_order_relaxed));
        return true;
    }
    void give(std::int64_t bytes) noexcept { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

    std::int64_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }
    std::int64_t most() const noexcept { return most_.load(std::memory_order_relaxed); }
    /// What is taken already stays taken.
    void set_most(std::int64_t most) noexcept { most_.store(most, std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> taken_{0};
    std::atomic<std::int64_t> most_;
};

/// A part of a bound, which goes back by itself. The bound outlives it.
class Share {
public:
    Share() = default;
    Share(Share&& other) noexcept
        : bound_(std::exchange(other.bound_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
        std::swap(bound_, other.bound_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Share() { resize(0); }

    /// So much more of `bound`, always the same one. False: it is not free, and nothing changes.
    bool take(Bound& bound, std::int64_t bytes) noexcept {
        if (!bound.take(bytes))
            return false;
        bound_ = &bound;
        bytes_ += bytes;
        return true;
    }
    /// Takes over what `other`, of the same bound, has.
    void join(Share other) noexcept {
        if (other.bound_ == nullptr)
            return;
        bound_ = std::exchange(other.bound_, nullptr);
        bytes_ += std::exchange(other.bytes_, 0);
    }
    /// Gives back all but `bytes`.
    void resize(std::int64_t bytes) noexcept {
        if (bound_ != nullptr && bytes < bytes_)
            bound_->give(std::exchange(bytes_, bytes) - bytes);
    }
    std::int64_t bytes() const noexcept { return bytes_; }

private:
    Bound* bound_ = nullptr;
    std::int64_t bytes_ = 0;
};

}  // namespace obliv
