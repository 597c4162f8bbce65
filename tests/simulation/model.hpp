#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

namespace obliv::simulation {

/// What the books have to say, kept in the plainest way: integers in maps.
struct Model {
    struct Purse {
        std::int64_t floor = 0;
        std::int64_t granted = 0;
        std::int64_t held = 0;
        std::int64_t spent = 0;
        std::int64_t available() const { return granted - held - spent; }
        std::int64_t spare() const { return std::max<std::int64_t>(available() - floor, 0); }
    };
    struct Call {
        std::string request;
        std::int64_t account = 0;
        bool budgeted = false;
        std::int64_t cost = 0;
        bool stored = false;  ///< the books have said that it is on the disk
    };
    struct Transfer {
        std::int64_t account = 0;
        std::int64_t amount = 0;
        bool booked = false;  ///< false: the answer was an error
    };

    std::map<std::int64_t, Purse> accounts;
    Purse budget;
    std::map<std::int64_t, Call> calls;  ///< by charge id
    std::map<std::string, Transfer> transfers;
    std::int64_t input_price = 0;  ///< nano-dollars a token
    std::int64_t output_price = 1;

    void forget_holds() {
        for (auto& [id, account] : accounts)
            account.held = 0;
        budget.held = 0;
    }
    void spend(const Call& call, std::int64_t times) {
        accounts[call.account].spent += times * call.cost;
        if (call.budgeted)
            budget.spent += times * call.cost;
    }
};

}  // namespace obliv::simulation
