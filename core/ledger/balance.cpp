#include "core/ledger/balance.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace obliv::ledger {
namespace {

constexpr int reading_tries = 64;

// Wide, because the figures of a balance may be far apart while their differences are compared.
using Wide = __int128;

}  // namespace

/// Brackets every change, so that a reader can tell whether its figures belong together.
class Balance::Change {
public:
    explicit Change(Balance& balance) noexcept : balance_(balance) { balance_.begun_.fetch_add(1); }
    ~Change() { balance_.ended_.fetch_add(1); }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

private:
    Balance& balance_;
};

bool BalanceFigures::agree() const noexcept {
    return Wide{granted.nanos()} ==
           Wide{available.nanos()} + Wide{held.nanos()} + Wide{spent.nanos()};
}

Balance::Balance(Money granted, Money spent, Money floor) noexcept
    : granted_(granted.nanos()), available_((granted - spent).nanos()), spent_(spent.nanos()),
      floor_(floor.nanos()) {
    check(floor >= bottomless, "no floor lies below the bottomless one");
}

bool Balance::take(std::int64_t amount) noexcept {
    auto available = available_.load();
    do {
        if (Wide{available} - Wide{amount} < Wide{floor_.load()})
            return false;
    } while (!available_.compare_exchange_weak(available, available - amount));
    return true;
}

bool Balance::reserve(Money amount) noexcept {
    check(amount >= Money{}, "a reservation is not negative");
    Change change(*this);
    // Nothing is always affordable: a free call must not fail because a corrected account is short.
    if (amount > Money{} && !take(amount.nanos()))
        return false;
    held_.fetch_add(amount.nanos());
    return true;
}

void Balance::release(Money held) noexcept {
    Change change(*this);
    held_.fetch_sub(held.nanos());
    available_.fetch_add(held.nanos());
}

Money Balance::reserve_up_to(Money amount) noexcept {
    check(amount >= Money{}, "a reservation is not negative");
    Change change(*this);
    auto available = available_.load();
    std::int64_t part = 0;
    do {
        auto spare = std::max(Wide{available} - Wide{floor_.load()}, Wide{0});
        part = static_cast<std::int64_t>(std::min(spare, Wide{amount.nanos()}));
    } while (!available_.compare_exchange_weak(available, available - part));
    held_.fetch_add(part);
    return Money::nanos(part);
}

void Balance::settle(Money held, Money cost) noexcept {
    check(cost >= Money{}, "a cost is not negative");
    check(cost <= held, "a call is charged out of what is held for it");
    Change change(*this);
    spent_.fetch_add(cost.nanos());
    held_.fetch_sub(held.nanos());
    available_.fetch_add((held - cost).nanos());
}

bool Balance::deposit(Money amount) noexcept {
    check(amount >= Money{}, "a deposit is not negative");
    Change change(*this);
    auto granted = granted_.load();
    do {
        if (Wide{granted} + Wide{amount.nanos()} > Wide{ceiling.nanos()})
            return false;
    } while (!granted_.compare_exchange_weak(granted, granted + amount.nanos()));
    available_.fetch_add(amount.nanos());
    return true;
}

bool Balance::withdraw(Money amount) noexcept {
    check(amount >= Money{}, "a withdrawal is not negative");
    Change change(*this);
    if (!take(amount.nanos()))
        return false;
    granted_.fetch_sub(amount.nanos());
    return true;
}

void Balance::set_floor(Money floor) noexcept {
    check(floor >= bottomless, "no floor lies below the bottomless one");
    floor_.store(floor.nanos());
}

void Balance::set_granted(Money granted) noexcept {
    Change change(*this);
    auto before = granted_.exchange(granted.nanos());
    available_.fetch_add(granted.nanos() - before);
}

BalanceFigures Balance::figures(bool* exact) const noexcept {
    BalanceFigures figures;
    bool quiet = false;
    for (int i = 0; i < reading_tries && !quiet; ++i) {
        auto ended = ended_.load();
        figures = {Money::nanos(granted_.load()), Money::nanos(available_.load()),
                   Money::nanos(held_.load()), Money::nanos(spent_.load())};
        quiet = begun_.load() == ended;
    }
    if (exact)
        *exact = quiet;
    return figures;
}

// What is granted and spent changes by moves and settlements only, so that neither a reservation
// nor a release shows.
Money Balance::spendable() const noexcept {
    return Money::nanos(granted_.load() - spent_.load() - floor_.load());
}

Money floor_of(AccountKind kind, Money credit_limit) noexcept {
    switch (kind) {
    case AccountKind::prepaid:
        return Money{};
    case AccountKind::credit:
        return std::max(-std::max(credit_limit, Money{}), Balance::bottomless);
    case AccountKind::unlimited:
    case AccountKind::system:
        break;
    }
    return Balance::bottomless;
}

}  // namespace obliv::ledger
