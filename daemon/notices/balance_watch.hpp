#pragma once

#include "core/base/ids.hpp"
#include "core/base/money.hpp"

#include <optional>
#include <string>
#include <unordered_map>

namespace obliv::notices {

/// The lowest of the steps 10, 5 and 0 percent that the rest of a sum is down to; 100: none.
int step_of(Money rest, Money full) noexcept;

/// An account of which no more than this can be spent is nearly out of money: it has reached the
/// step of 5 percent of `full`.
Money low_mark(Money full) noexcept;

/// How much of an account's money is left, in steps that people are told of.
struct BalanceMark {
    AccountId account;
    Money full;       ///< what it could spend after the last time that money came in
    int level = 100;  ///< the lowest step told of since: 10, 5 or 0 percent; 100: none
};

/// Notices when what an account can spend falls to a tenth, a twentieth, nothing of what it could
/// spend when money last came in. Each step is told once, until money comes in. Used by one thread.
class BalanceWatch {
public:
    /// What was known when the daemon ended.
    void restore(const BalanceMark& mark);

    /// What has to be kept, if that changed; `told` is set to the step that was reached by it.
    std::optional<BalanceMark> look(AccountId account, Money spendable, std::optional<int>& told);

    /// Null: it was never looked at.
    const BalanceMark* find(AccountId account) const;

private:
    struct Watched {
        BalanceMark mark;
        std::optional<Money> last;  ///< nothing: not seen since the start
    };
    std::unordered_map<AccountId, Watched> accounts_;
};

}  // namespace obliv::notices
