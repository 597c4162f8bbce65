#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"

#include <cstdint>
#include <vector>

namespace obliv::ledger {

/// Money of an account that goes back to funding at a time, as far as it has not been spent by
/// then. An account spends what expires first before anything else.
struct Lot {
    std::int64_t id = 0;  ///< of the transfer that brought it
    AccountId account;
    Money amount;  ///< less than the transfer's where that paid off a debt
    Money left;    ///< as of the fold watermark
    WallTime expires_at{};
};

/// The order in which lots are spent.
bool spent_before(const Lot& a, const Lot& b) noexcept;

/// Takes what the event `event` (a charge, a correction, an expiry) spends out of one account's
/// lots, which are in the order of spent_before. Lots that came later than the event are left
/// alone. What the lots do not have is paid by money that does not expire.
void take_from(std::vector<Lot>& lots, std::int64_t event, Money amount) noexcept;

/// How long calls that were running when a lot expired may still spend what is held for them.
inline constexpr std::chrono::hours expiry_grace{1};

/// What can be booked out of an account now. `live` is what it can spend or holds at this moment,
/// `stored` its balance in the store when `lots` were read, `leaving` what transfers took that
/// `lots` do not know of yet. What running calls hold is left for them, no longer than the grace.
struct ExpiryView {
    Money available;
    Money held;
    Money stored;
    Money leaving;
};
Money expired_of(const std::vector<Lot>& lots, const ExpiryView& view, WallTime now) noexcept;

}  // namespace obliv::ledger
