#include "daemon/relay/chat.hpp"
#include "daemon/relay/relay.hpp"

#include <memory>
#include <utility>

namespace obliv::relay {

/// What a model refused, kept while others are asked: the whole of the reply's state, because it
/// becomes the answer after all when none of them can give one. An answer of theirs such as 503
/// would have SDKs repeat what this model will refuse each time.
struct Relay::Refused {
    explicit Refused(Chat& chat);
    /// refused: the caller sees a stream already, and this is none.
    Result<void> give_back(Chat& chat);

    channels::Candidates candidates;
    std::string channel;
    storage::CallFacts row;
    const channels::Option* option;  ///< of its continuation, if it has one
    std::unique_ptr<Dialogue> dialogue;
    Reply reply;
    ReplyHead head;
};

Relay::Refused::Refused(Chat& chat)
    : candidates(std::move(chat.candidates)), channel(chat.record.channel), row(chat.record.call),
      option(chat.continuation() != nullptr ? chat.continuation()->option : nullptr) {
    // What it was going to show points into the scanner, which moves.
    if (chat.event_stream)
        chat.hold_back();
    if (chat.rare)
        dialogue = std::move(chat.rare->dialogue);
    reply = std::move(static_cast<Reply&>(chat));
    head = std::move(static_cast<ReplyHead&>(*chat.opening));
}

Result<void> Relay::Refused::give_back(Chat& chat) {
    chat.forget_reply();
    auto attempts = chat.record.call.attempts;
    chat.record.call = std::move(row);
    chat.record.call.attempts = attempts;
    chat.record.channel = std::move(channel);
    chat.candidates = std::move(candidates);
    if (auto* unfinished = chat.continuation())
        unfinished->option = option;
    if (chat.rare)
        chat.rare->dialogue = std::move(dialogue);
    static_cast<Reply&>(chat) = std::move(reply);
    static_cast<ReplyHead&>(*chat.opening) = std::move(head);
    if (chat.event_stream || chat.opening->refusal)
        return ok();
    chat.exchange.set_pulse(nullptr, nullptr);
    if (chat.early)
        return fail(Code::refused, "the content policy of the model's provider forbids the call");
    return ok();
}

/// Asks the other models of the list, as far as the caller may call them and can pay for them.
/// Where all of them fail, the first refusal stands.
loop::Task<Result<void>> Relay::fall_back(Chat& chat, Result<void> last) {
    const auto& wish = chat.opening->wish;
    auto listed = settings_.fallbacks.find(wish.model);
    if (listed == settings_.fallbacks.end())
        co_return last;            // the settings have changed since the model was asked
    auto others = listed->second;  // a copy, for the same reason
    std::unique_ptr<Refused> refused;
    for (const auto& other : others) {
        if (!chat.caller->may_call(other))
            continue;
        auto next = wish;
        next.model = other;
        auto found = parts_.channels.route(next);
        if (!found || !may_pay(chat, found->plan()))
            continue;
        if (last && !refused)
            refused = std::make_unique<Refused>(chat);
        chat.candidates = std::move(*found);
        chat.opening->require(chat.candidates);
        chat.opening->model_instead = other;
        last = co_await open_first(chat);
        if ((last && !chat.other_model) || chat.gone())
            break;
    }
    if (!last && refused && !chat.gone())
        last = refused->give_back(chat);
    co_return last;
}

}  // namespace obliv::relay
