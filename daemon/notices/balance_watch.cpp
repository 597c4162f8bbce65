#include "daemon/notices/balance_watch.hpp"

#include <array>
#include <cstdint>

namespace obliv::notices {
namespace {

constexpr std::array steps{0, 5, 10};
constexpr int low_step = 5;

}  // namespace

int step_of(Money rest, Money full) noexcept {
    // Without a factor of a hundred, which large amounts would not bear.
    auto percent = full.nanos() / 100;
    for (int step : steps)
        if (rest.nanos() <= percent * step)
            return step;
    return 100;
}

Money low_mark(Money full) noexcept {
    // Who never had anything runs out of nothing.
    return full > Money{} ? Money::nanos(full.nanos() / 100 * low_step) : Money::nanos(INT64_MIN);
}

const BalanceMark* BalanceWatch::find(AccountId account) const {
    auto found = accounts_.find(account);
    return found == accounts_.end() ? nullptr : &found->second.mark;
}

void BalanceWatch::restore(const BalanceMark& mark) {
    accounts_[mark.account].mark = mark;
}

std::optional<BalanceMark> BalanceWatch::look(AccountId account, Money spendable,
                                              std::optional<int>& told) {
    told.reset();
    auto [place, is_new] = accounts_.try_emplace(account);
    auto& watched = place->second;
    watched.mark.account = account;
    bool grew = watched.last ? spendable > *watched.last : spendable > watched.mark.full;
    watched.last = spendable;
    if (grew || (is_new && spendable > Money{})) {
        watched.mark.full = spendable;
        watched.mark.level = 100;
        return watched.mark;
    }
    // An account that never had anything runs out of nothing.
    if (watched.mark.full <= Money{})
        return std::nullopt;
    auto level = step_of(spendable, watched.mark.full);
    if (level >= watched.mark.level)
        return std::nullopt;
    watched.mark.level = level;
    told = level;
    return watched.mark;
}

}  // namespace obliv::notices
