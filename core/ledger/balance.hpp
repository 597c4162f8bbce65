#pragma once

#include "core/base/money.hpp"
#include "core/ledger/kinds.hpp"

#include <atomic>
#include <cstdint>

namespace obliv::ledger {

/// The figures of one balance at one instant. `granted = available + held + spent`, always.
struct BalanceFigures {
    Money granted;  ///< what was put in: balance at start and transfers since; or a token's budget
    Money available;  ///< may be reserved, down to the floor
    Money held;       ///< set aside for calls that run
    Money spent;      ///< paid for calls

    bool agree() const noexcept;
};

/// The counters of one account, or of one token's budget. Every operation is lock-free and safe
/// from any thread; `available` never falls below the floor by a reservation or a settlement,
/// however many race for the last cent. Amounts are not negative unless stated.
class Balance {
public:
    /// As far down as an unlimited balance counts: far from overflow, and more than anybody owes.
    static constexpr Money bottomless = Money::nanos(INT64_MIN / 2);
    /// The most that one balance takes in.
    static constexpr Money ceiling = Money::nanos(INT64_MAX / 2);

    /// `spent` out of `granted` is gone already; `floor` is what `available` must not fall below.
    Balance(Money granted, Money spent, Money floor) noexcept;
    Balance(const Balance&) = delete;
    Balance& operator=(const Balance&) = delete;

    /// Moves `amount` from available to held, or changes nothing and says false.
    bool reserve(Money amount) noexcept;
    /// Gives back a reservation of `held`.
    void release(Money held) noexcept;
    /// Sets aside up to `amount` more for a call that cost more than its reservation; the part that
    /// was there is moved to held and returned.
    Money reserve_up_to(Money amount) noexcept;
    /// Ends a reservation of `held`: `cost` (at most `held`) is spent, the rest is available again.
    void settle(Money held, Money cost) noexcept;

    /// Adds `amount` to granted and available. False, and nothing changes: over the ceiling.
    bool deposit(Money amount) noexcept;
    /// Takes `amount` out of granted and available; false when it would fall below the floor.
    bool withdraw(Money amount) noexcept;
    /// Another floor, and another grant, from now on: what is held or spent already stays so, even
    /// when available falls below the floor by it.
    void set_floor(Money floor) noexcept;
    void set_granted(Money granted) noexcept;

    /// What can be spent down to the floor, with what is held for calls that run.
    Money spendable() const noexcept;

    /// A consistent view, by retrying while somebody changes it; after a bounded number of tries
    /// the last reading, with `exact` false.
    BalanceFigures figures(bool* exact = nullptr) const noexcept;

private:
    class Change;
    bool take(std::int64_t amount) noexcept;

    std::atomic<std::int64_t> granted_;
    std::atomic<std::int64_t> available_;
    std::atomic<std::int64_t> held_{0};
    std::atomic<std::int64_t> spent_;
    std::atomic<std::int64_t> floor_;
    // Changes begun and ended: equal before and after a reading, nobody was in between.
    std::atomic<std::uint64_t> begun_{0};
    std::atomic<std::uint64_t> ended_{0};
};

/// The floor of an account of this kind.
Money floor_of(AccountKind kind, Money credit_limit) noexcept;

}  // namespace obliv::ledger
