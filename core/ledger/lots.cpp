#include "core/ledger/lots.hpp"

#include <algorithm>
#include <tuple>

namespace obliv::ledger {

bool spent_before(const Lot& a, const Lot& b) noexcept {
    return std::tie(a.expires_at, a.id) < std::tie(b.expires_at, b.id);
}

void take_from(std::vector<Lot>& lots, std::int64_t event, Money amount) noexcept {
    for (auto& lot : lots) {
        if (amount <= Money{})
            return;
        if (lot.id > event)
            continue;
        auto part = std::min(lot.left, amount);
        lot.left -= part;
        amount -= part;
    }
}

Money expired_of(const std::vector<Lot>& lots, const ExpiryView& view, WallTime now) noexcept {
    Money expired;
    Money overdue;  // no call that runs may still count on it
    for (const auto& lot : lots) {
        if (lot.expires_at <= now)
            expired += lot.left;
        if (lot.expires_at + expiry_grace <= now)
            overdue += lot.left;
    }
    // Calls that ended since then have spent of the lots, though the lots do not show it yet.
    auto unseen = view.stored - view.available - view.held + view.leaving;
    auto most = std::max(expired - unseen - view.held, overdue - unseen);
    return std::clamp(most, Money{}, std::max(view.available, Money{}));
}

}  // namespace obliv::ledger
