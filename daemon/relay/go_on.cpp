// A stream of text that its provider breaks off is gone on with by another one, if it can be told
// the beginning of its answer.

#include "core/wire/claude_model.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <utility>

namespace obliv::relay {
namespace {

bool takes_prefill(const channels::Option& option) {
    const auto* provider = option.entry->provider;
    return provider != nullptr && !provider->prefill.empty() &&
           wire::claude_model(option.match.upstream_model).takes_prefill();
}

}  // namespace

/// One row has one price: whoever goes on costs what the first one did.
bool Relay::Chat::can_go_on(const channels::Option& option) const {
    const billing::Server first{record.call.model_served, record.call.channel};
    const billing::Server next{option.match.upstream_model, option.entry->channel.id};
    return takes_prefill(option) && hold.charged_alike(first, next);
}

/// Streams of these models are made of their events on the way, whatever their format.
void Relay::prepare_to_go_on(Chat& chat) const {
    const auto& call = chat.opening->call;
    bool fits = chat.inbound.operation == providers::Operation::chat && call.stream &&
                call.choices == 1 && chat.inbound.contender == nullptr;
    for (const auto& model : settings_.continued)
        if (fits && names(model, call.model)) {
            if (!chat.rare)
                chat.rare = std::make_unique<Chat::Rare>();
            chat.rare->continuation = std::make_unique<Continuation>();
            return;
        }
}

/// What only another attempt would need goes as soon as there will be none.
void Relay::Chat::release_if_over() {
    if (!opening || !continuation()->over())
        return;
    opening.reset();
    exchange.release_request();
}

bool Relay::Chat::may_go_on(const Result<void>& ended) const {
    if (continuation() == nullptr || !opening || gone() || stopped_short || outcome_of(ended))
        return false;
    const auto& messages = opening->conversion->request().messages;
    bool answers = messages.empty() || messages.back().role != llm::Role::assistant;
    return answers && rare->continuation->possible();
}

/// The next channel that can be told how its answer begins; when there never was another, `broken`,
/// which is asked once more.
const channels::Option* Relay::Chat::next_to_go_on(const channels::Option*& broken) {
    auto now = exchange.loop().now();
    while (const auto* option = candidates.next(now))
        if (can_go_on(*option)) {
            broken = nullptr;
            return option;
        }
    const auto* last = std::exchange(broken, nullptr);
    bool again = last != nullptr && can_go_on(*last) && candidates.again(*last, now);
    return again ? last : nullptr;
}

/// It is no fault of the channel that it does not go on with what another one began.
Error Relay::Chat::will_not_go_on() {
    auto now = exchange.loop().now();
    attempt.succeeded(now);
    auto error = fail(Code::upstream_failed, "it refused to go on with the answer");
    log.end(channels::Cause::refused, error.message, now);
    return error;
}

/// True: another provider goes on, and its first bytes have come. Bounded like the attempts before
/// a reply: nobody is asked twice but the one that broke off, if it is the only one.
loop::Task<bool> Relay::go_on(Chat& chat, Result<void> ended) {
    auto& row = chat.record.call;
    auto& continuation = *chat.rare->continuation;
    chat.hold_back();  // what the last read brought has not been sent
    auto outcome = chat.outcome_of(ended);
    chat.note_end(channels::Cause::cut, outcome.error());
    row.finish_reason = "cut";
    chat.fill_usage(settings_.hidden_reasoning_rate);
    continuation.spent = row.usage;
    const auto* broken = continuation.option;
    auto first = std::pair(chat.record.channel, row);
    while (const auto* option = chat.next_to_go_on(broken)) {
        if (chat.gone() || row.attempts >= settings_.attempts)
            break;
        ++row.attempts;
        chat.rare->dialogue.reset();  // of the attempt before
        Try attempt{option};
        auto opened = co_await try_channel(chat, attempt);
        if (opened)
            co_return true;
        if (continuation.resumed())
            break;
    }
    // Whoever produced what was said stands in the row.
    chat.record.channel = std::move(first.first);
    first.second.attempts = row.attempts;
    row = std::move(first.second);
    chat.put_held_first();  // what the last read brought is the caller's still
    co_return false;
}

}  // namespace obliv::relay
