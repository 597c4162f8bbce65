#include "daemon/relay/chat.hpp"
#include "daemon/relay/race.hpp"
#include "daemon/relay/relay.hpp"

namespace obliv::relay {

loop::Task<Result<void>> Relay::settle(Chat& chat) {
    chat.record.call.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(
                                       parts_.clock.steady() - chat.exchange.arrived())
                                       .count();
    return chat.inbound.contender == nullptr ? charge(chat) : charge_winner(chat);
}

loop::Task<Result<void>> Relay::charge_winner(Chat& chat) {
    bool mine = co_await settles(chat);
    if (!mine)
        co_return fail(Code::cancelled, "another channel answered first");
    co_return co_await charge(chat);
}

/// Ends as soon as the charge is durable.
loop::Task<Result<void>> Relay::charge(Chat& chat) {
    auto& call = chat.record.call;
    auto share = billing::whole_price;
    if (call.source == llm::UsageSource::cache)
        share = settings_.cache.share_millionths;
    else
        chat.fill_usage(settings_.hidden_reasoning_rate);
    auto row = row_of(chat.record, chat.exchange);
    row.record = chat.log.text(&chat.candidates, chat.caller->token.group);
    auto charged = parts_.billing.charge(std::move(chat.hold), std::move(row), share);
    if (!charged)
        return loop::ended(charged.error());
    call.cost = charged->cost;
    // The provider has done its part. Before the last bytes leave, because who has seen the end may
    // ask again, perhaps on another loop.
    chat.permit = gate::Permit(nullptr);
    return parts_.billing.stored(charged->id);
}

}  // namespace obliv::relay
