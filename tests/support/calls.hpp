#pragma once

#include "core/storage/store.hpp"

#include <stdexcept>
#include <string>

namespace obliv::test {

/// A settled call as billing would hand it to the store: `cost` is what one unit of output costs at
/// a price of one dollar for each million million units, so that counts of units are nano-dollars.
inline storage::Call sample_call(std::int64_t id, AccountId account, PriceId price = {},
                                 std::int64_t cost = 0) {
    storage::Call call;
    call.id = ChargeId{id};
    call.time = from_unix_nanos(1'700'000'000'000'000'000 + id);
    call.request_id = "request-" + std::to_string(id);
    call.tenant = storage::first_tenant;
    call.user = storage::first_user;
    call.account = account;
    call.model = "asked";
    call.model_served = "served";
    call.source = llm::UsageSource::provider;
    call.usage.input = 7;
    call.usage.output = cost;
    call.price = price;
    call.held = Money::nanos(cost + 5);
    call.cost = Money::nanos(cost);
    call.status = 200;
    call.attempts = 1;
    call.finish_reason = "stop";
    call.client = "127.0.0.1";
    call.user_agent = "test";
    return call;
}

/// A price at which one unit of output costs one nano-dollar, and everything else nothing.
inline storage::PriceRow nano_price(std::string model) {
    storage::PriceRow row;
    row.tenant = storage::first_tenant;
    row.model = std::move(model);
    row.price.output = Money::nanos(1'000'000);
    return row;
}

/// Fails the test that uses it by an exception, with the reason, instead of aborting.
template <typename T>
T must(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message);
    return std::move(*result);
}
inline void must(Result<void> result) {
    if (!result)
        throw std::runtime_error(result.error().message);
}

}  // namespace obliv::test
