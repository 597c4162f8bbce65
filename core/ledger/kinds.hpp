#pragma once

#include "core/base/ids.hpp"

#include <cstdint>

namespace obliv::ledger {

/// How far an account may go down. The numbers are stored.
enum class AccountKind : std::uint8_t {
    unlimited = 0,  ///< only counts
    prepaid = 1,    ///< never below zero
    credit = 2,     ///< never below minus its credit limit
    system = 3,     ///< the other side of every entry: revenue, funding, losses
};

/// The accounts that exist from the first migration on.
inline constexpr AccountId revenue_account{1};  ///< what calls paid
inline constexpr AccountId funding_account{2};  ///< where top-ups come from and adjustments go
inline constexpr AccountId loss_account{3};     ///< what the operator bears

}  // namespace obliv::ledger
