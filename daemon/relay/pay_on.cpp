// What a call may consume, and a stream that outlives what was set aside for that: measured while
// it passes, paid on, or ended.

#include "core/llm/estimate.hpp"
#include "daemon/relay/chat.hpp"

#include <limits>

namespace obliv::relay {

/// The most that a call may consume, as far as its request tells.
void Relay::bound(const Inbound& inbound, const Opening& opening, billing::Ask& ask) const {
    if (opening.call.media) {
        ask.at_most = opening.call.media->at_most;
        ask.variant = opening.call.media->variant;
    } else {
        ask.at_most.input = opening.input_tokens_bound() + targets_->prompt_tokens_max();
    }
    if (inbound.operation == providers::Operation::rerank)
        ask.at_most.searches = 1;
    if (inbound.operation == providers::Operation::realtime)
        ask_of_realtime(ask);
    if (inbound.operation == providers::Operation::chat)
        ask.at_most.output =
            opening.call.output_tokens_max.value_or(settings_.output_tokens_default) *
            opening.call.choices;
}

/// What a stream may produce with what was set aside, before its tokens are counted. A limit of the
/// caller's own is the provider's to keep, and counts its tokens better than we do.
std::int64_t Relay::produced_bytes_max(const Chat& chat) noexcept {
    const auto& hold = chat.hold;
    if (!hold.limited() || !hold.priced())
        return std::numeric_limits<std::int64_t>::max();
    auto bytes_each =
        chat.opening->call.output_tokens_max ? 2 * llm::bytes_per_token : llm::bytes_per_token_min;
    return hold.output_tokens() * bytes_each;
}

/// The stream may have used up what was set aside for it: counts, sets more aside where it has, and
/// goes on, or ends it. What is left is looked at again when half of it can be used up.
Result<bool> Relay::pay_on(Chat& chat) {
    auto& hold = chat.hold;
    auto produced = chat.produced_tokens();
    const billing::Server server{chat.record.call.model_served, chat.record.call.channel};
    while (hold.output_tokens() <= produced)
        if (!parts_.billing.extend(hold, server, settings_.output_tokens_default)) {
            chat.cut_short();
            return false;
        }
    auto left = (hold.output_tokens() - produced) * llm::bytes_per_token_min;
    auto done = chat.go_on(chat.facts().produced_bytes() + left, parts_.clock.steady());
    if (!done)
        return done.error();
    return true;
}

}  // namespace obliv::relay
