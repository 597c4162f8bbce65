#pragma once

#include "core/base/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace obliv::simulation {

/// What the books have to say, kept in the plainest way: integers in maps.
struct Model {
    struct Purse {
        std::int64_t floor = 0;
        std::int64_t granted = 0;
        std::int64_t held = 0;
        std::int64_t spent = 0;
        std::int64_t total() const { return granted - spent; }
        std::int64_t available() const { return granted - held - spent; }
        std::int64_t spare() const { return std::max<std::int64_t>(available() - floor, 0); }
    };
    /// All that one call is paid from. The maps below keep purses where they are.
    using Purses = std::vector<Purse*>;
    struct Call {
        std::string request;
        std::int64_t account = 0;
        Purses purses;
        std::int64_t cost = 0;
        bool stored = false;  ///< the books have said that it is on the disk
    };
    struct Transfer {
        std::int64_t source = 0;  ///< zero: from nowhere
        std::int64_t target = 0;  ///< zero: to nowhere
        std::int64_t amount = 0;
        std::optional<WallTime> expires_at{};
        std::int64_t expiring = 0;  ///< of `amount`; the rest pays off a debt
        std::int64_t id = 0;
        bool booked = false;  ///< false: the answer was an error
    };
    struct Expiry {
        std::int64_t id = 0;
        std::int64_t account = 0;
        std::int64_t amount = 0;
        WallTime time{};
    };
    struct Code {
        std::string text;
        std::int64_t amount = 0;
        std::optional<std::chrono::milliseconds> lasts{};
    };
    /// A budget of days or months.
    struct Budget {
        std::int64_t amount = 0;
        std::map<std::int64_t, Purse> periods{};  ///< by their beginnings
    };

    std::map<std::int64_t, Purse> accounts;
    Purse budget;  ///< the token's, for good
    std::map<std::int64_t, Budget> budgets;
    std::map<std::int64_t, Call> calls;  ///< by charge id
    std::map<std::string, Transfer> transfers;
    std::vector<Expiry> expiries;               ///< that were found in the store
    std::map<std::int64_t, std::int64_t> gone;  ///< of accounts, by those not found yet
    std::map<std::int64_t, Code> codes;         ///< by their ids
    std::int64_t input_price = 0;               ///< nano-dollars a token
    std::int64_t output_price = 1;

    void forget_holds() {
        for (auto& [id, account] : accounts)
            account.held = 0;
        budget.held = 0;
        for (auto& [id, each] : budgets)
            for (auto& [begin, purse] : each.periods)
                purse.held = 0;
    }
    void book(const Transfer& transfer) {
        if (transfer.source != 0)
            accounts[transfer.source].granted -= transfer.amount;
        if (transfer.target != 0)
            accounts[transfer.target].granted += transfer.amount;
    }
    static void spend(const Call& call, std::int64_t times) {
        for (auto* purse : call.purses)
            purse->spent += times * call.cost;
    }
    static void hold(const Purses& purses, std::int64_t amount) {
        for (auto* purse : purses)
            purse->held += amount;
    }
    static std::int64_t spare(const Purses& purses) {
        std::int64_t least = INT64_MAX;
        for (const auto* purse : purses)
            least = std::min(least, purse->spare());
        return least;
    }
};

}  // namespace obliv::simulation
