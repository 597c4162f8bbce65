// What a caller can ask for, and what a question would cost him: answered without a provider.

#include "core/loop/run_blocking.hpp"
#include "core/metering/chat_tokens.hpp"
#include "core/wire/anthropic_lists.hpp"
#include "core/wire/gemini_lists.hpp"
#include "daemon/relay/credential.hpp"
#include "daemon/relay/large_body.hpp"
#include "daemon/relay/model_list.hpp"
#include "daemon/relay/relay.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::string_view json = "application/json";

Result<std::string> counted(const tokenizer::Tokenizers& tokenizers, const Inbound& inbound,
                            std::string_view body) {
    bool gemini = inbound.errors() == llm::ErrorShape::gemini;
    auto request = gemini ? wire::read_gemini_count({body, inbound.model})
                          : wire::read_anthropic_count({body});
    if (!request)
        return request.error();
    auto tokens = metering::chat_tokens(tokenizers, request->model, *request).tokens;
    return gemini ? wire::gemini_count_reply(tokens) : wire::anthropic_count_reply(tokens);
}

}  // namespace

Result<std::vector<std::string>> Relay::models_of(server::Exchange& exchange, Record& record) {
    std::string room;
    auto credential = credential_of(exchange.request(), room);
    auto caller = parts_.gate.authenticate(credential);
    if (!caller)
        return caller.error();
    describe_caller(record, exchange, (*caller)->token, parts_.clock.wall());
    auto names = parts_.channels.table().models((*caller)->token.group);
    std::erase_if(names, [&](const std::string& name) { return !(*caller)->may_call(name); });
    return names;
}

loop::Task<Result<void>> Relay::models(server::Exchange& exchange, Record& record,
                                       llm::ErrorShape shape) {
    auto names = models_of(exchange, record);
    if (!names)
        co_return names.error();
    auto body = model_list(shape, *names, exchange.request().query);
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, json, none, body);
}

loop::Task<Result<void>> Relay::model(server::Exchange& exchange, Record& record,
                                      llm::ErrorShape shape, std::string name) {
    auto names = models_of(exchange, record);
    if (!names)
        co_return names.error();
    if (std::find(names->begin(), names->end(), name) == names->end())
        co_return fail(Code::model_not_found, "there is no model '" + name + "' for this key");
    auto body = model_entry(shape, name);
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, json, none, body);
}

loop::Task<Result<void>> Relay::count_tokens(server::Exchange& exchange, Record& record,
                                             Inbound inbound) {
    auto known = models_of(exchange, record);
    if (!known)
        co_return known.error();
    auto body = co_await exchange.read_body();
    if (!body)
        co_return body.error();
    Share share;
    if (body->size() > body_bytes_inline_max)
        if (auto taken = take_memory(share, parts_.memory, body->size()); !taken)
            co_return taken.error();
    const auto& tokenizers = parts_.tokenizers;
    auto work = [&tokenizers, text = *body, inbound = std::move(inbound)] {
        return counted(tokenizers, inbound, text);
    };
    auto reply = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!reply)
        co_return reply.error();
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, json, none, *reply);
}

}  // namespace obliv::relay
