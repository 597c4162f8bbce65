#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/ledger/kinds.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::ledger {

enum class EntryKind : std::uint8_t {
    reserve,
    settle,
    release,
    loss,
    topup,
    adjust,
    transfer,
    expiry,
};

/// Which part of an account an entry moves. A balance is the sum over both.
enum class Side : std::uint8_t { available, held };

/// One posting. Entries are not stored one by one: they follow from the row of their event, so that
/// they cannot disagree with it.
struct Entry {
    std::int64_t id = 0;  ///< event id times entries_per_event, plus its place in the event
    WallTime time{};
    AccountId account;
    Side side = Side::available;
    Money amount;
    EntryKind kind = EntryKind::reserve;
    ChargeId call;       ///< none: a transfer
    std::string reason;  ///< of a transfer
};

/// What a call did to the books, as far as entries follow from it.
struct ChargeFigures {
    ChargeId id;
    WallTime time{};
    AccountId account;
    Money held;  ///< reserved
    Money cost;  ///< charged to the account
    Money loss;  ///< the rest of the price, when the account had no more
};

/// The numbers are stored.
enum class TransferKind : std::uint8_t {
    topup = 0,
    adjust = 1,
    transfer = 2,
    expiry = 3,  ///< what was left of money that expired goes back to funding
};

/// Money that moved without a call: exactly two entries.
struct Transfer {
    std::int64_t id = 0;  ///< from the sequence of charge ids
    WallTime time{};
    AccountId source;
    AccountId target;
    Money amount;  ///< more than zero
    TransferKind kind = TransferKind::topup;
    std::string reason;
    std::string operation_id;              ///< chosen by who asks; unique: a repeat changes nothing
    std::optional<WallTime> expires_at{};  ///< of a top-up: when what is left of it goes back
    Money expiring{};                      ///< how much of it expires; the rest paid off a debt
};

inline constexpr std::int64_t entries_per_event = 16;

/// The entries of a call in the order in which they took effect; those of zero are left out. They
/// sum to zero.
std::vector<Entry> entries_of(const ChargeFigures& charge);
std::vector<Entry> entries_of(const Transfer& transfer);

std::string_view name_of(EntryKind kind) noexcept;
std::string_view name_of(TransferKind kind) noexcept;
std::string_view name_of(Side side) noexcept;

}  // namespace obliv::ledger
