// What a call may consume, and a stream that outlives what was set aside for that: measured while
// it passes, paid on, or ended.

#include "core/llm/estimate.hpp"
#include "core/llm/image_variant.hpp"
#include "core/llm/search_bound.hpp"
#include "daemon/relay/chat.hpp"

#include <limits>

namespace obliv::relay {

/// The most that a call may consume, as far as its request tells.
void Relay::bound(const Inbound& inbound, const Opening& opening, billing::Ask& ask) const {
    if (opening.call.media) {
        ask.at_most = opening.call.media->at_most;
    } else {
        ask.at_most.input = opening.input_tokens_bound() + targets_->prompt_tokens_max();
    }
    if (inbound.operation == providers::Operation::rerank)
        ask.at_most.searches = llm::ranking_units_max(
            opening.fields(), opening.large ? opening.large->condensed.input_bound : 0);
    if (inbound.operation == providers::Operation::realtime)
        ask_of_realtime(ask);
    if (inbound.operation == providers::Operation::chat)
        ask.at_most.output =
            opening.call.output_tokens_max.value_or(settings_.output_tokens_default) *
            opening.call.choices;
}

/// What is set aside for a call that the channels of `plan` may serve.
billing::Ask Relay::ask_of(const gate::TokenEntry& caller, const Inbound& inbound, Opening& opening,
                           const channels::Plan& plan) const {
    billing::Ask ask;
    ask.token = caller.token.id;
    ask.account = caller.token.account;
    ask.model = opening.wish.model;
    ask.asked = opening.call.model;
    ask.served = plan.upstream_models;
    ask.channels = plan.channels;
    bound(inbound, opening, ask);
    if (opening.call.media && opening.call.media->kind == llm::MediaKind::images) {
        opening.variant = llm::variant_foreseen(opening.call.media->variant, plan.upstream_models);
        ask.variant = opening.variant;
    }
    return ask;
}

/// Only where searches have a price does anybody look whether the call may search.
Result<void> Relay::cover_searches(const Inbound& inbound, const Opening& opening,
                                   billing::Ask& ask, billing::Hold& hold) const {
    if (!hold.searches_cost() || inbound.operation != providers::Operation::chat)
        return ok();
    ask.at_most.searches = llm::web_searches_max(opening.fields());
    return ask.at_most.searches > 0 ? parts_.billing.cover(hold, ask) : ok();
}

Result<void> Relay::set_aside(Chat& chat) const {
    auto ask = ask_of(*chat.caller, chat.inbound, *chat.opening, chat.candidates.plan());
    auto hold = parts_.billing.reserve(ask);
    if (!hold)
        return hold.error();
    chat.hold = std::move(*hold);
    return cover_searches(chat.inbound, *chat.opening, ask, chat.hold);
}

/// Whether the money is there for a call that the channels of `plan` may serve instead. Those may
/// cost more than the ones that were foreseen.
bool Relay::may_pay(Chat& chat, const channels::Plan& plan) const {
    auto ask = ask_of(*chat.caller, chat.inbound, *chat.opening, plan);
    auto covered = parts_.billing.cover(chat.hold, ask);
    if (covered)
        covered = cover_searches(chat.inbound, *chat.opening, ask, chat.hold);
    if (!covered)
        chat.log.pass_over(plan.options.front(), covered.error().message);
    return covered.has_value();
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
