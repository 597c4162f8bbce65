#include "daemon/relay/access_tokens.hpp"
#include "daemon/relay/chat.hpp"

namespace obliv::relay {
namespace {

using channels::Cause;

/// Why there is no token: mostly the key is at fault.
Cause cause_of(const Error& error) {
    switch (error.code) {
    case Code::upstream_credentials:
    case Code::config_invalid:
        return Cause::key_refused;
    case Code::rate_limited:
        return Cause::rate_limited;
    case Code::upstream_timeout:
        return Cause::timeout;
    default:
        return Cause::unreachable;
    }
}

}  // namespace

/// Puts an access token into the head that has been written, where the channel's key is exchanged
/// for one.
loop::Task<Result<void>> Relay::authorize(Chat& chat, const channels::Entry& entry, std::size_t key,
                                          const std::string& proxy) {
    const auto& channel = entry.channel;
    if (key >= channel.keys.size() || !providers::exchanges(*entry.provider, channel.keys[key]))
        co_return ok();
    AccessTokens::Wanted wanted{
        entry.provider, {channel.base_url, channel.keys[key]}, (*entry.keys)[key].id(), proxy};
    auto token = co_await tokens_->get(std::move(wanted));
    if (!token)
        co_return chat.failed(cause_of(token.error()),
                              std::move(token.error()).in("channel '" + channel.name + "'"));
    chat.opening->token_number = token->number;
    chat.opening->token_kept = token->kept;
    add_token(chat.opening->head, *entry.provider, token->token);
    chat.opening->request.front() = chat.opening->head;
    co_return ok();
}

/// The provider has refused the call's credential. A token that was kept may have been taken back
/// before its time: then the key may be good, and another attempt gets another token.
channels::Cause Relay::token_refused(Chat& chat, const channels::Entry& entry, std::size_t key) {
    tokens_->forget((*entry.keys)[key].id(), chat.opening->token_number);
    return chat.opening->token_kept ? Cause::refused : Cause::key_refused;
}

}  // namespace obliv::relay
