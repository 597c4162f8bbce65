// A chat whose provider is asked over a WebSocket, though its caller is not.

#include "daemon/relay/chat.hpp"

namespace obliv::relay {

std::string_view Relay::Chat::handshake_key() const noexcept {
    if (talk() != nullptr)
        return talk()->key;
    return dialogue() != nullptr ? std::string_view(dialogue()->key()) : std::string_view();
}

/// In place of a body behind the head: what asks follows the handshake.
void Relay::Chat::write_question(const channels::Entry& entry, std::size_t key) {
    const auto& keys = entry.channel.keys;
    auto& request = opening->request;
    if (!rare)
        rare = std::make_unique<Rare>();
    rare->dialogue = std::make_unique<Dialogue>(
        offer->dialogue->message(key < keys.size() ? keys[key] : Secret(), request.back()));
    request.resize(1);
}

/// What comes back is a reply like any other.
loop::Task<Result<void>> Relay::Chat::put_question() {
    status = 200;
    auto question = dialogue()->take_question();
    co_return co_await upstream.send(question);
}

Result<bool> Relay::Chat::take_messages() {
    auto& talk = *dialogue();
    auto heard = talk.hear(chunk().payload);
    auto taken = translator->take(talk.heard(), chunk().last, pieces);
    if (!heard)
        return heard.error();
    if (!taken)
        return taken;
    if (auto answers = talk.take_answers(); !answers.empty() && !upstream.try_send(answers))
        return fail(Code::upstream_failed, "the provider takes no answer to its pings");
    // The last message says that it is; whether the provider closes then is its own affair.
    bool ended = !facts().finish_reason.empty() || facts().error;
    if (ended || talk.closed())
        say_good_bye();
    return taken;
}

void Relay::Chat::say_good_bye() {
    if (chunk().last)
        return;
    // Should it not leave at once, the end of the connection says the same.
    auto frame = Dialogue::good_bye();
    static_cast<void>(upstream.try_send(frame));
    upstream.end_here();
}

}  // namespace obliv::relay
