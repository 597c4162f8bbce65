#pragma once

#include "core/storage/ledger.hpp"
#include "core/storage/usage.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

namespace obliv::storage::sqlite {

/// Which rows somebody knows who adds up what is appended. A watermark tells which are in the
/// store's sums: those up to it.
class Noted {
public:
    void add(std::span<const Call* const> stored) noexcept {
        for (const auto* call : stored)
            newest_ = std::max(newest_, call->id.value);
        rows_ += static_cast<std::int64_t>(stored.size());
    }
    /// Rows were rolled back, or are too many to remember.
    void forget() noexcept { all_in(std::numeric_limits<std::int64_t>::max()); }
    /// Everything up to `id` has gone into the store's sums, or has to be read for that; nothing is
    /// noted.
    void all_in(std::int64_t id) noexcept {
        known_above_ = id;
        rows_ = 0;
    }
    /// All rows above the watermark are noted.
    bool knows_above(std::int64_t watermark) const noexcept { return watermark >= known_above_; }
    std::int64_t rows() const noexcept { return rows_; }
    std::int64_t newest() const noexcept { return newest_; }  ///< the largest id ever

private:
    std::int64_t rows_ = 0;
    std::int64_t newest_ = 0;
    std::int64_t known_above_ = std::numeric_limits<std::int64_t>::max();
};

/// What appended rows come to, added up on their way so that they need not be read again. `Sums`
/// has add(call), size() and clear().
template <typename Sums>
class Pending {
public:
    void note(std::span<const Call* const> stored) {
        for (const auto* call : stored)
            sums_.add(*call);
        noted_.add(stored);
        if (sums_.size() > sums_max)
            forget();
    }
    /// Rows were rolled back, or are too many to remember.
    void forget() noexcept {
        sums_.clear();
        noted_.forget();
    }
    const Noted& noted() const noexcept { return noted_; }

    /// Hands everything to `store(sums, newest)`, for the store's sums, which reach to `watermark`.
    template <typename Store>
    Result<FoldStep> hand_over(std::int64_t watermark, Store store) {
        if (noted_.rows() == 0)
            return FoldStep{ChargeId{watermark}, 0, false};
        FoldStep step{ChargeId{std::max(watermark, noted_.newest())}, noted_.rows(), false};
        auto done = store(sums_, step.watermark);
        // If this transaction is rolled back, the rows have to be read.
        restart(step.watermark.value);
        if (!done)
            return done.error();
        return step;
    }
    /// What is appended from now on is noted. All that was before, up to `newest`, is in the
    /// store's sums or has to be read.
    void restart(std::int64_t newest) noexcept {
        sums_.clear();
        noted_.all_in(std::max(noted_.newest(), newest));
    }

private:
    // With more of them between two steps the rows are read instead.
    static constexpr std::size_t sums_max = 20'000;

    Sums sums_;  // of what is noted
    Noted noted_;
};

}  // namespace obliv::storage::sqlite
