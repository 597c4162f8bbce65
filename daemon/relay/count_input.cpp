// The input of a call whose provider tells nothing about it, counted while the request is there.

#include "core/loop/run_blocking.hpp"
#include "core/metering/chat_tokens.hpp"
#include "daemon/relay/chat.hpp"

namespace obliv::relay {
namespace {

Result<tokenizer::Count> counted(const tokenizer::Tokenizers& tokenizers, const Inbound& inbound,
                                 std::string_view body, const std::string& model) {
    auto request = read_request(inbound, body, {});
    if (!request)
        return request.error();
    return metering::chat_tokens(tokenizers, model, *request);
}

}  // namespace

/// On a worker: a long prompt takes milliseconds. What cannot be read, or finds no memory to be
/// read in, stays estimated.
loop::Task<void> Relay::count_input(Chat& chat) {
    Share share;
    bool room = !chat.opening->large ||
                take_memory(share, parts_.memory, chat.opening->body.size()).has_value();
    if (!room)
        co_return;
    auto work = [&tokenizers = parts_.tokenizers, inbound = &chat.inbound,
                 body = chat.opening->body, model = chat.record.call.model_served] {
        return counted(tokenizers, *inbound, body, model);
    };
    auto done = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!done)
        co_return;
    auto injected = chat.opening->injected;
    chat.input_estimate = done->tokens + injected;
    chat.input_exact = done->exact && injected == 0;
}

}  // namespace obliv::relay
