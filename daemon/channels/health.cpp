#include "daemon/channels/health.hpp"

namespace obliv::channels {
namespace {

constexpr std::int64_t failing_after = 3;
constexpr std::size_t error_bytes_max = 300;

}  // namespace

void Health::begin() noexcept {
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    requests_.fetch_add(1, std::memory_order_relaxed);
}

void Health::succeeded() noexcept {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    failures_in_a_row_.store(0, std::memory_order_relaxed);
    count(Cause::ok);
}

void Health::count(Cause cause) noexcept {
    ended_[static_cast<std::size_t>(cause)].fetch_add(1, std::memory_order_relaxed);
}

void Health::failed(Cause cause, std::string_view why) {
    count(cause);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    failures_.fetch_add(1, std::memory_order_relaxed);
    failures_in_a_row_.fetch_add(1, std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    last_error_ = std::string(why.substr(0, error_bytes_max));
}

void Health::abandoned() noexcept {
    count(Cause::cancelled);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
}

bool Health::failing() const noexcept {
    return failures_in_a_row_.load(std::memory_order_relaxed) >= failing_after;
}

Health::Snapshot Health::snapshot() const {
    Snapshot out;
    out.in_flight = in_flight_.load(std::memory_order_relaxed);
    out.requests = requests_.load(std::memory_order_relaxed);
    out.failures = failures_.load(std::memory_order_relaxed);
    out.failures_in_a_row = failures_in_a_row_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < causes; ++i)
        out.ended[i] = ended_[i].load(std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    out.last_error = last_error_;
    return out;
}

}  // namespace obliv::channels
