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
    const providers::Offer* offer;
    channels::Health* health;
    const channels::Option* option;  ///< of its continuation, if it has one
    std::int64_t input_estimate;

    upstream::Call upstream;
    std::variant<llm::PlainScan, llm::StreamScan> scan;
    std::shared_ptr<Translator> translator;
    std::unique_ptr<Dialogue> dialogue;
    std::string held;
    int status;
    bool event_stream;

    bool converted;
    bool translated;
    std::int64_t injected;
    std::optional<std::string> words;  ///< of a refusal by its status
    std::string model_instead;
    std::string dropped;
    std::string content_type;
    std::optional<std::uint64_t> content_length;
    std::string upstream_request_id;
};

Relay::Refused::Refused(Chat& chat)
    : candidates(std::move(chat.candidates)), channel(chat.record.channel), row(chat.record.call),
      offer(chat.offer), health(chat.health),
      option(chat.continuation() != nullptr ? chat.continuation()->option : nullptr),
      input_estimate(chat.input_estimate), status(chat.status), event_stream(chat.event_stream),
      converted(chat.opening->converted), translated(chat.opening->translated),
      injected(chat.opening->injected), words(std::move(chat.opening->refusal)),
      model_instead(std::move(chat.opening->model_instead)),
      dropped(std::move(chat.opening->dropped)),
      content_type(std::move(chat.opening->content_type)),
      content_length(chat.opening->content_length),
      upstream_request_id(std::move(chat.opening->upstream_request_id)) {
    // What it was going to show points into the scanner, which moves.
    if (event_stream)
        chat.hold_back();
    upstream = std::move(chat.upstream);
    scan = std::move(chat.scan);
    translator = std::move(chat.translator);
    if (chat.rare)
        dialogue = std::move(chat.rare->dialogue);
    held = std::move(chat.held);
}

Result<void> Relay::Refused::give_back(Chat& chat) {
    chat.forget_reply();
    auto attempts = chat.record.call.attempts;
    chat.record.call = std::move(row);
    chat.record.call.attempts = attempts;
    chat.record.channel = std::move(channel);
    chat.candidates = std::move(candidates);
    chat.offer = offer;
    chat.health = health;
    if (auto* unfinished = chat.continuation())
        unfinished->option = option;
    chat.input_estimate = input_estimate;

    chat.upstream = std::move(upstream);
    chat.scan = std::move(scan);
    chat.translator = std::move(translator);
    if (chat.rare)
        chat.rare->dialogue = std::move(dialogue);
    chat.held = std::move(held);
    chat.status = status;
    chat.event_stream = event_stream;
    chat.accepted = event_stream;

    auto& opening = *chat.opening;
    opening.converted = converted;
    opening.translated = translated;
    opening.injected = injected;
    opening.refusal = std::move(words);
    opening.model_instead = std::move(model_instead);
    opening.dropped = std::move(dropped);
    opening.content_type = std::move(content_type);
    opening.content_length = content_length;
    opening.upstream_request_id = std::move(upstream_request_id);
    if (event_stream || opening.refusal)
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
