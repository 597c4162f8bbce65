#pragma once

#include "core/ledger/balance.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace obliv::ledger {

/// Whether little is left of a balance, as calls ask it. Safe from any thread.
class LowWater {
public:
    /// Never reached, until a mark is set.
    explicit LowWater(std::shared_ptr<const Balance> balance) : balance_(std::move(balance)) {}

    /// From now on it is reached while no more than `mark` can be spent, held money included.
    void set(Money mark) noexcept { mark_.store(mark.nanos(), std::memory_order_relaxed); }
    bool reached() const noexcept {
        return balance_->spendable().nanos() <= mark_.load(std::memory_order_relaxed);
    }

private:
    const std::shared_ptr<const Balance> balance_;
    std::atomic<std::int64_t> mark_{INT64_MIN};
};

}  // namespace obliv::ledger
