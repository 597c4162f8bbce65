#include "daemon/relay/relay.hpp"

#include "core/llm/estimate.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/timer_wheel.hpp"
#include "core/wire/anthropic.hpp"
#include "daemon/relay/access_tokens.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/credential.hpp"
#include "daemon/relay/heartbeat.hpp"
#include "daemon/relay/race.hpp"
#include "daemon/relay/stand_in.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::size_t error_body_bytes_max = 64U << 10;
// The end of a chunked body is usually in the same packet; a provider that forgets it costs us a
// connection.
constexpr auto tail_patience = std::chrono::milliseconds(200);

using channels::Cause;

Error of_channel(const channels::Entry& entry, Error error) {
    return std::move(error).in("channel '" + entry.channel.name + "'");
}

void give_up(void* call) {
    static_cast<upstream::Call*>(call)->cancel();
}

}  // namespace

Relay::Relay(const Parts& parts)
    : parts_(parts), random_(parts.seed),
      targets_(TargetTable::build(*channels::ChannelTable::build({}, nullptr), UpstreamSettings{})),
      tokens_(std::make_unique<AccessTokens>(
          AccessTokens::Parts{parts.loop, parts.pool, parts.workers, parts.clock})) {
    pulse_ = {beat_of(wire::openai), settings_.heartbeat_interval, start_early};
    anthropic_pulse_ = {beat_of(wire::anthropic), settings_.heartbeat_interval, start_early};
}

void Relay::start_early(void* chat) {
    static_cast<Chat*>(chat)->start_early();
}

/// Null: nothing is to be said while the provider is silent.
const server::Pulse* Relay::pulse_of(const Chat& chat) const noexcept {
    if (chat.begun || !chat.opening->call.stream ||
        chat.inbound.operation != providers::Operation::chat || beat_of(*chat.inbound.wire).empty())
        return nullptr;
    return chat.inbound.wire == &wire::anthropic ? &anthropic_pulse_ : &pulse_;
}

Relay::~Relay() = default;

void Relay::publish(std::shared_ptr<const TargetTable> targets, const UpstreamSettings& settings) {
    targets_ = std::move(targets);
    settings_ = settings;
    pulse_.every = anthropic_pulse_.every = settings_.heartbeat_interval;
}

// The whole life of a relayed call. Read downwards: each step needs the value above it.
loop::Task<Result<void>> Relay::serve(server::Exchange& exchange, Record& record, Inbound inbound) {
    auto admitted = co_await let_in(exchange, record, inbound);
    if (!admitted)
        co_return admitted.error();
    if (!*admitted)
        co_return ok();  // answered by way of the cache, or of two roads
    auto& chat = **admitted;
    auto opened = co_await open(chat);
    if (!opened)
        co_return co_await end_without_reply(chat, opened.error());
    if (chat.inbound.contender != nullptr)
        claim(chat);
    // From here a provider charges us, so what was metered is settled even if the client hangs up.
    co_return co_await run(chat);
}

/// Everything that may turn a call away before a provider hears of it. Null: the reply has been
/// given already.
loop::Task<Result<std::unique_ptr<Relay::Chat>>>
Relay::let_in(server::Exchange& exchange, Record& record, const Inbound& inbound) {
    auto caller = identify(exchange, record);
    if (!caller)
        co_return caller.error();

    // Only now: a stranger's body is never kept.
    auto body = co_await exchange.read_body();
    if (!body)
        co_return body.error();
    auto opening = std::make_unique<Opening>();
    opening->body = *body;
    auto parsed = co_await parse(exchange, inbound, *opening);
    if (!parsed)
        co_return parsed.error();
    auto& call = opening->call;
    record.call.model = call.model;
    record.call.stream = call.stream;
    if (inbound.stand_in == nullptr && !call.media &&
        settings_.cache.use_of((*caller)->token, call.model) != cache::CacheUse::off) {
        auto asked = std::move(call);
        opening.reset();  // the call makes its own, and this frame lasts as long as its stream
        auto served = co_await serve_cached(exchange, record, inbound, std::move(*caller),
                                            std::move(asked), *body);
        if (!served)
            co_return served.error();
        co_return std::unique_ptr<Chat>();
    }

    if (inbound.contender == nullptr && !call.media && hedge_of(call.model) != nullptr) {
        opening.reset();
        auto served = co_await serve_hedged(exchange, record, inbound, *body);
        if (!served)
            co_return served.error();
        co_return std::unique_ptr<Chat>();
    }

    auto chat = std::make_unique<Chat>(exchange, record, std::move(*caller), inbound,
                                       std::move(opening), parts_.tokenizers);
    auto admitted = admit(*chat);
    if (!admitted)
        co_return admitted.error();
    if (!settings_.continued.empty())
        prepare_to_go_on(*chat);
    co_return std::move(chat);
}

/// Reaches a provider that begins to reply, on the model that was asked for or on one instead.
loop::Task<Result<void>> Relay::open(Chat& chat) {
    auto& has_fallbacks = chat.opening->has_fallbacks;
    has_fallbacks = settings_.fallbacks.contains(chat.opening->wish.model);
    return has_fallbacks ? open_or_fall_back(chat) : open_first(chat);
}

loop::Task<Result<void>> Relay::open_or_fall_back(Chat& chat) {
    auto opened = co_await open_first(chat);
    if (!chat.gone() && (!opened || chat.other_model)) {
        auto before = std::move(opened);
        opened = co_await fall_back(chat, std::move(before));
    }
    co_return opened;
}

// What needs no waiting stands in functions of its own: everything that serve() names lives as long
// as the call, which may be a stream of many minutes.

Result<gate::Caller> Relay::identify(const server::Exchange& exchange, Record& record) const {
    std::string room;
    auto caller = parts_.gate.authenticate(credential_of(exchange.request(), room));
    if (caller)
        describe_caller(record, exchange, (*caller)->token, parts_.clock.wall());
    return caller;
}

/// Limits, then routes, then sets money aside: in this order, because what is set aside is the
/// price of the dearest channel that may serve. All that the chat was given goes back with it.
Result<void> Relay::admit(Chat& chat) {
    const auto& inbound = chat.inbound;
    // The second road of a call is no second call.
    bool second = inbound.contender != nullptr && inbound.contender->is_second();
    if (!second) {
        auto permit = parts_.gate.limit(chat.caller, chat.opening->call.model);
        if (!permit)
            return permit.error();
        chat.permit = std::move(*permit);
    }
    auto candidates = find_channels(chat.exchange, *chat.caller, inbound, *chat.opening);
    if (!candidates)
        return candidates.error();
    chat.candidates = std::move(*candidates);
    if (second)
        chat.candidates.leave_out(inbound.contender->race().tried);
    return set_aside(chat);
}

/// No provider has produced anything: the row says so, and the whole hold goes back.
loop::Task<Result<void>> Relay::end_without_reply(Chat& chat, const Error& last) {
    chat.exchange.set_pulse(nullptr, nullptr);
    chat.end_without_reply(last);
    if (chat.inbound.stand_in != nullptr && !chat.early)
        chat.inbound.stand_in->step_in(chat.record.call, last);
    auto settled = co_await settle(chat);
    const auto& error = settled ? last : settled.error();
    if (chat.early && !chat.exchange.client_gone()) {
        auto event = error_event(chat.inbound, error, chat.exchange.request_id());
        auto told = co_await chat.exchange.finish(event);
        if (!told)
            co_return told.error();
    }
    co_return error;
}

loop::Task<Result<void>> Relay::run(Chat& chat) {
    if (verdict_on(chat.status) == Verdict::callers)
        return pass_on_refusal(chat);
    if (chat.offer->tasks != nullptr)
        return answer_task(chat);
    if (chat.is_stream())
        return pump_stream(chat);
    if (chat.translator && !chat.translator->passes())
        return answer_whole(chat);
    return pump_plain(chat);
}

/// The time that an attempt goes by, `made` of them before it. The begin of this turn is free; but
/// after a failure of this very turn it lies before what has just been noted.
SteadyTime Relay::time_of_attempt(int made) const {
    return made > 0 ? parts_.loop.now() : parts_.loop.turn_began();
}

/// Where and by which key the channel is asked.
Result<Relay::Aim> Relay::begin_attempt(Chat& chat, const Try& attempt,
                                        const TargetTable& targets) {
    const auto& entry = *attempt.option->entry;
    auto now = time_of_attempt(chat.record.call.attempts - 1);
    chat.begin_attempt(*attempt.option, attempt.wait, now);
    if (const auto* pulse = pulse_of(chat))
        chat.exchange.set_pulse(pulse, &chat);
    const auto* target = targets.find(entry.channel.id);
    if (target == nullptr || !target->problem.empty())
        return fail(Code::no_channel, target == nullptr ? "it is being changed" : target->problem);
    if (chat.offer == nullptr)
        return fail(Code::unsupported, "its provider does not do this");
    auto key = entry.keys->choose(random_, now, attempt.without_key);
    if (!key || *key >= target->heads.size())
        return fail(Code::no_channel, "all of its keys are resting");
    return Aim{target, *key, now};
}

Result<void> Relay::take_head(Chat& chat, const channels::Entry& entry) {
    return chat.take_head(*entry.provider, parts_.clock, produced_bytes_max(chat), parts_.proofs);
}

/// The cause that a status of the provider's own fault stands for.
Cause Relay::cause_of_status(Chat& chat, const channels::Entry& entry, std::size_t key) {
    auto cause = channels::cause_of(chat.status);
    bool by_token = cause == Cause::key_refused && entry.provider->token_request != nullptr;
    return by_token ? token_refused(chat, entry, key) : cause;
}

loop::Task<Result<void>> Relay::try_channel(Chat& chat, const Try& attempt) {
    const auto& option = *attempt.option;
    const auto& entry = *option.entry;
    auto targets = targets_;  // a change of channels must not take the time-outs away meanwhile
    auto aim = begin_attempt(chat, attempt, *targets);
    if (!aim)
        co_return chat.failed(Cause::unusable, of_channel(entry, std::move(aim.error())));
    const auto& target = *aim->target;
    auto key = aim->key;
    if (chat.opening->converted) {
        auto converted = co_await convert(chat, option);
        if (!converted)
            co_return chat.unfit(of_channel(entry, std::move(converted.error())));
    }
    chat.use_key(key, aim->now);
    if (chat.offer->tasks != nullptr)
        co_return co_await run_task(chat, target, option, key);
    if (chat.opening->large) {
        auto written = co_await write_large(chat, target, entry);
        if (!written)
            co_return chat.unfit(of_channel(entry, std::move(written.error())));
    } else {
        chat.write_body(target);
    }
    auto ready = chat.write_head(target, option, key, parts_.clock);
    if (!ready)
        co_return chat.failed(Cause::unusable, of_channel(entry, std::move(ready.error())));
    if (entry.provider->token_request != nullptr) {
        auto authorized = co_await authorize(chat, entry, key, target.proxy);
        if (!authorized)
            co_return authorized.error();
    }
    auto pieces = chat.request_pieces();
    bool talks = chat.talk() != nullptr;
    const auto& timeouts = talks ? target.talk_timeouts : target.timeouts;
    auto method = chat.handshake_key().empty() ? std::string_view("POST") : http::websocket_method;
    auto mapped = chat.opening->mapped(chat.exchange);
    auto call =
        co_await parts_.pool.open(target.endpoint, method, pieces, timeouts, &chat.cancel, mapped);
    if (!call)
        co_return chat.silent(Cause::unreachable, of_channel(entry, std::move(call.error())));
    chat.note_head(std::move(*call), target);
    if (auto agreed = chat.upgraded()) {
        if (!*agreed)
            co_return chat.failed(Cause::bad_reply, of_channel(entry, std::move(agreed->error())));
        if (talks)
            co_return ok();
        auto asked = co_await chat.put_question();
        if (!asked)
            co_return chat.silent(Cause::unreachable, of_channel(entry, std::move(asked.error())));
    }
    if (verdict_on(chat.status) == Verdict::callers) {
        if (chat.begun)
            co_return chat.will_not_go_on();
        if (chat.opening->has_fallbacks)
            co_await read_refusal(chat);
        co_return ok();
    }
    if (verdict_on(chat.status) != Verdict::accepted) {
        auto cause = cause_of_status(chat, entry, key);
        auto error = co_await refused(chat, entry);
        co_return chat.failed(cause, std::move(error));
    }
    auto readable = take_head(chat, entry);
    if (!readable)
        co_return chat.failed(Cause::bad_reply, of_channel(entry, std::move(readable.error())));
    auto first = co_await read_first(chat);
    if (!first)
        co_return chat.silent(Cause::bad_reply, of_channel(entry, std::move(first.error())));
    co_return ok();
}

/// The request in the format of the channel.
loop::Task<Result<void>> Relay::convert(Chat& chat, const channels::Option& option) {
    auto& conversion = chat.opening->conversion;
    if (!conversion && chat.opening->large) {
        auto taken = take_memory(chat.opening->memory, parts_.memory, chat.opening->body.size());
        if (!taken)
            co_return taken.error();
    }
    if (!conversion) {
        const auto& opening = *chat.opening;
        auto headers = forwarded_headers(chat.inbound, chat.exchange.request());
        if (opening.large)
            conversion = destroyed_on(
                parts_.workers,
                std::make_unique<Conversion>(chat.inbound, opening.body, std::move(headers)));
        else
            conversion =
                std::make_shared<Conversion>(chat.inbound, opening.body, std::move(headers));
        if (settings_.downloads.bytes_max > 0)
            conversion->allow_fetching();
        conversion->ask_effort(opening.effort);
        conversion->restore_from(parts_.proofs, chat.record.call.account, parts_.loop.now());
    }
    auto written = co_await write_converted(chat, option);
    if (!written || conversion->wanted().empty())
        co_return written;
    auto fetched = co_await fetch_media(chat);
    if (!fetched)
        co_return fetched;
    co_return co_await write_converted(chat, option);
}

loop::Task<Result<void>> Relay::write_converted(Chat& chat, const channels::Option& option) {
    const auto& opening = *chat.opening;
    const auto& settings = option.entry->channel.settings;
    Order order{*chat.offer, providers::dialect_of(*option.entry->provider),
                option.match.upstream_model, settings.losses == storage::Losses::drop,
                settings.system_prompt};
    if (chat.begun) {
        order.prefix = chat.continuation()->prefix();
        order.prefill = option.entry->provider->prefill;
    }
    auto work = [conversion = opening.conversion, order] { return conversion->write(order); };
    if (opening.body.size() + opening.fetched_bytes <= body_bytes_inline_max)
        co_return work();
    co_return co_await loop::run_blocking(parts_.workers, std::move(work));
}

loop::Task<Error> Relay::refused(Chat& chat, const channels::Entry& entry) {
    auto status = chat.status;
    auto retry_after = chat.upstream.head().headers.find("retry-after");
    auto wait = retry_after ? std::optional<std::string>(*retry_after) : std::nullopt;
    auto body = co_await chat.upstream.read_all(error_body_bytes_max);
    std::string_view text;
    if (body)
        text = *body;
    co_return refusal(entry.channel.name, status, text, wait);
}

/// The provider says that the request is wrong: its words, in its status, at no cost.
loop::Task<Result<void>> Relay::pass_on_refusal(Chat& chat) {
    auto status = chat.status;
    chat.exchange.set_pulse(nullptr, nullptr);
    if (!chat.opening->refusal)
        co_await read_refusal(chat);
    std::string text = callers_error_body(*chat.opening->refusal, chat.inbound.errors(), status,
                                          chat.exchange.request_id());
    chat.end_refused();
    auto settled = co_await settle(chat);
    if (!settled)
        co_return settled.error();
    if (chat.early) {
        auto error = callers_error(*chat.opening->refusal, status);
        text = error_event(chat.inbound, error, chat.exchange.request_id());
        co_return co_await chat.exchange.finish(text);
    }
    auto headers = chat.reply_headers();
    auto list = headers.view();
    co_return co_await chat.exchange.reply(status, "application/json", list, text);
}

loop::Task<Result<void>> Relay::pump_plain(Chat& chat) {
    if (chat.expects_no_figures())
        co_await count_input(chat);
    chat.start_reply();
    chat.release_request();
    Result<void> ended = ok();
    while (!chat.chunk().last) {
        if (ended) {
            ended = co_await chat.exchange.write(chat.chunk().payload);
            if (!ended)
                chat.client_left();
        }
        auto read = co_await read_more(chat);
        if (!read) {
            ended = read.error();
            break;
        }
    }
    chat.end(ended);
    auto settled = co_await settle(chat);
    if (!settled)
        co_return settled.error();
    if (!ended)
        co_return ended
            .error();  // the connection is closed inside the body: nobody takes it for whole
    co_return co_await chat.exchange.finish(chat.chunk().payload);
}

/// A reply that is made of another format and asked for whole: the client sees nothing before its
/// end, so a failure is still an error reply.
loop::Task<Result<void>> Relay::answer_whole(Chat& chat) {
    chat.begin_reply();
    Result<void> ended = ok();
    while (ended && !chat.chunk().last)
        ended = co_await read_more(chat);
    if (chat.expects_no_figures())
        co_await count_input(chat);
    chat.end_whole(ended);
    auto settled = co_await settle(chat);
    if (!settled)
        co_return settled.error();
    if (!ended)
        co_return ended.error();
    auto body = chat.translator->closing();
    auto type = chat.translator->content_type();
    auto headers = chat.reply_headers();
    auto list = headers.view();
    co_return co_await chat.exchange.reply(chat.record.call.status, type, list, body);
}

loop::Task<Result<void>> Relay::pump_stream(Chat& chat) {
    OpenStream counted(open_streams_, chat.begun);
    if (!chat.begun) {
        if (chat.expects_no_figures())
            co_await count_input(chat);
        chat.start_reply();
        chat.release_request();
    }
    Result<void> ended = ok();
    while (true) {
        auto more = co_await forward(chat);
        if (!more) {
            ended = more.error();
            chat.client_left();
            co_await hear_out(chat);
            break;
        }
        if (!*more)
            break;
        if (chat.over()) {
            auto paid = pay_on(chat);
            if (!paid)
                ended = paid.error();
            if (paid && *paid)
                continue;
            break;
        }
        auto read = co_await chat.upstream.next();  // where a stream spends its life
        if (read)
            read = chat.take_chunk(parts_.loop.turn_began());
        if (!read) {
            ended = read.error();
            break;
        }
        if (chat.rare && chat.continuation() != nullptr)
            chat.release_if_over();
    }
    co_return co_await end_stream(chat, std::move(ended));
}

loop::Task<Result<void>> Relay::read_more(Chat& chat) {
    if (auto taken = try_read(chat))
        return loop::ended(std::move(*taken));
    return wait_for_more(chat);
}

/// What has come already, unless it may take a worker to read.
std::optional<Result<void>> Relay::try_read(Chat& chat) {
    if (chat.translator)
        return std::nullopt;
    auto taken = chat.upstream.try_next();
    if (taken && *taken)
        *taken = chat.take_chunk(parts_.loop.turn_began());
    return taken;
}

loop::Task<Result<void>> Relay::wait_for_more(Chat& chat) {
    auto taken = co_await chat.upstream.next();
    if (taken)
        taken = chat.take_chunk(parts_.loop.turn_began());
    if (!taken || !chat.translator || !chat.translator->is_long())
        co_return taken;
    auto work = [translator = chat.translator] { return translator->finish_long(); };
    co_return co_await loop::run_blocking(parts_.workers, std::move(work));
}

/// Reads what nobody will see, for the figures in it: leaving between the last word and the bill
/// must not make a call cheaper.
loop::Task<void> Relay::hear_out(Chat& chat) {
    while (!chat.chunk().last && !chat.facts().done) {
        auto read = co_await read_more(chat);
        if (!read)
            co_return;
    }
}

/// Sends what the last read brought. False: the stream has ended, and what is left goes out with
/// its closing bytes.
loop::Task<Result<bool>> Relay::forward(Chat& chat) {
    chat.put_held_first();
    if ((chat.chunk().last && !chat.over()) || chat.facts().done)
        co_return false;
    if (chat.as_it_came && chat.chunk().whole_chunks) {
        auto sent = co_await chat.exchange.write_framed(chat.chunk().raw);
        if (!sent)
            co_return sent.error();
    } else if (!chat.pieces.empty()) {
        server::Pieces pieces(chat.pieces);
        auto sent = co_await chat.exchange.write(pieces);
        if (!sent)
            co_return sent.error();
    }
    chat.pieces.clear();
    chat.forget_held();
    co_return true;
}

/// Reads what follows a stream's `[DONE]`, so that its connection can be used again. The client has
/// its whole reply; it waits for this only if it has sent its next request already, or if no
/// figures have come yet.
loop::Task<void> Relay::read_tail(Chat& chat) {
    loop::Timer timer(parts_.loop.timers(), give_up, &chat.upstream);
    timer.arm(parts_.loop.now() + tail_patience);
    while (!chat.chunk().last) {
        auto read = co_await read_more(chat);
        if (!read)
            co_return;
    }
}

/// Settles, and only then lets the client see the end.
loop::Task<Result<void>> Relay::end_stream(Chat& chat, Result<void> ended) {
    if (chat.may_go_on(ended)) {
        auto before = ended;
        auto goes_on = co_await go_on(chat, std::move(before));
        if (goes_on)
            co_return co_await pump_stream(chat);
    }
    if (chat.facts().done && !chat.facts().usage && !chat.chunk().last && !chat.gone()) {
        // Some servers report it last of all.
        chat.hold_back();
        co_await read_tail(chat);
        chat.put_held_first();
    }
    chat.end_stream(ended);
    auto settled = co_await settle(chat);
    if (!settled)
        co_return settled.error();
    if (chat.gone() && !chat.exchange.stopping())
        co_return fail(Code::cancelled, "the client left");
    auto last = chat.closing_pieces();
    auto sent = co_await chat.exchange.finish(last);
    if (chat.facts().done && !chat.chunk().last)
        co_await read_tail(chat);
    co_return sent;
}

}  // namespace obliv::relay
