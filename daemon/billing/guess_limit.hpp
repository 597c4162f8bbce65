#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"

#include <chrono>
#include <optional>
#include <unordered_map>

namespace obliv::billing {

/// How often one account may be wrong about a code: ten times in ten minutes. Used under a lock.
class GuessLimit {
public:
    static constexpr int wrong_max = 10;
    static constexpr std::chrono::minutes window{10};

    /// How long the account has to wait; nothing: it may try.
    std::optional<std::chrono::milliseconds> wait(AccountId account, SteadyTime now) const {
        auto found = accounts_.find(account);
        if (found == accounts_.end() || found->second.wrong < wrong_max)
            return std::nullopt;
        auto end = found->second.begin + window;
        if (now >= end)
            return std::nullopt;
        return std::chrono::ceil<std::chrono::milliseconds>(end - now);
    }
    void was_wrong(AccountId account, SteadyTime now) {
        auto& tries = accounts_[account];
        if (tries.wrong == 0 || now >= tries.begin + window)
            tries = {now, 0};
        ++tries.wrong;
    }

private:
    struct Tries {
        SteadyTime begin{};
        int wrong = 0;
    };
    std::unordered_map<AccountId, Tries> accounts_;
};

}  // namespace obliv::billing
