#pragma once

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

}  // namespace obliv::storage::sqlite
