#include "core/llm/call_needs.hpp"
#include "core/llm/estimate.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/relay/upstream_error.hpp"

namespace obliv::relay {
namespace {

constexpr std::size_t refusal_bytes_max = 64U << 10;

/// The number that calls of one session have in common; 0: the call belongs to none.
std::uint64_t affinity_of(const server::Exchange& exchange, const storage::Token& token,
                          const channels::RoutingSettings& routing) {
    if (!routing.affinity)
        return 0;
    if (auto session = exchange.request().headers.find("x-session-id");
        session && !session->empty())
        return channels::spread(*session) | 1U;
    if (!routing.token_affinity)
        return 0;
    return channels::spread(token.id.text()) | 1U;
}

}  // namespace

/// Only a plan whose channels are limited asks what the call needs.
void Relay::Opening::require(channels::Candidates& candidates) const {
    if (!candidates.plan().limited)
        return;
    if (call.media) {
        if (call.stream)
            candidates.require(channels::ability("stream"), 0);
        return;
    }
    channels::Abilities needs = effort.empty() ? 0 : channels::ability("reasoning");
    auto add = [&needs](const auto& names) {
        for (std::string_view name : names)
            needs |= channels::ability(name);
    };
    if (large)
        add(large->needs);
    else
        add(llm::needs_of(call, body));
    auto tokens = estimate_input_tokens() + call.output_tokens_max.value_or(0);
    candidates.require(needs, tokens);
}

/// The channels for the model of `wish`. While the account is nearly out of money, another model
/// may be asked instead, which is in `wish` then; where nobody serves that one, it is not.
Result<channels::Candidates> Relay::route(const gate::TokenEntry& caller, Opening& opening,
                                          channels::Wish& wish) {
    auto cheaper = caller.instead_of(wish.model);
    if (cheaper.empty())
        return parts_.channels.route(wish);
    auto other = wish;
    other.model = cheaper;
    auto found = parts_.channels.route(other);
    if (!found)
        return parts_.channels.route(wish);
    wish = other;
    opening.model_instead = std::string(cheaper);
    return found;
}

/// The channels for the model as it was asked; where nobody serves it and its name ends with a
/// reasoning effort, for the model without.
Result<channels::Candidates> Relay::find_channels(const server::Exchange& exchange,
                                                  const gate::TokenEntry& caller,
                                                  const Inbound& inbound, Opening& opening) {
    const auto& call = opening.call;
    auto& wish = opening.wish;
    wish.group = caller.token.group;
    wish.affinity = affinity_of(exchange, caller.token, parts_.channels.routing());
    wish.model = call.model;
    auto found = route(caller, opening, wish);
    bool chat = inbound.operation == providers::Operation::chat;
    auto effort = chat && !found ? llm::effort_in(call.model) : std::nullopt;
    if (effort && found.error().code == Code::model_not_found) {
        opening.model_plain = std::string(effort->model);
        auto plain = wish;
        plain.model = opening.model_plain;
        if (auto without = route(caller, opening, plain)) {
            wish = plain;
            opening.effort = std::string(effort->effort);
            found = std::move(without);
        }
    }
    if (found)
        opening.require(*found);
    return found;
}

/// Reads the words of a refusal, which may mean that another model would take the call.
loop::Task<void> Relay::read_refusal(Chat& chat) {
    auto body = co_await chat.upstream.read_all(refusal_bytes_max);
    chat.opening->refusal.emplace(body ? *body : std::string_view{});
    if (chat.opening->has_fallbacks && asks_for_other_model(*chat.opening->refusal))
        chat.refused_for_model();
}

}  // namespace obliv::relay
