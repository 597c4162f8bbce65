// The road of Realtime: a WebSocket to the client and one to a provider, and frames between them. A
// response is what is billed: each has its own reservation and its own usage row, which is written
// before the client sees its end.

#include "core/base/text.hpp"
#include "core/http/uri.hpp"
#include "core/llm/openai_usage.hpp"
#include "core/llm/pattern.hpp"
#include "core/llm/wire_error.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/dialogue.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <array>

namespace obliv::relay {
namespace {

// A message of sound has 15 MiB at most (OpenAI, "input_audio_buffer.append").
constexpr std::uint64_t message_bytes_max = 16U << 20;
constexpr std::string_view own_protocol = "realtime";
constexpr std::string_view beta_protocol = "openai-beta.realtime-v1";
constexpr std::int64_t first_input_tokens = 4'096;
constexpr std::int64_t more_input_tokens = 2'048;
constexpr int switching_protocols = 101;
constexpr auto farewell_patience = std::chrono::seconds(2);

// RFC 6455, section 7.4.1.
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t too_big = 1009;
constexpr std::uint16_t internal_error = 1011;

bool is_handshake(const http::RequestHead& head) {
    auto connection = head.headers.find("connection").value_or("");
    auto upgrade = head.headers.find("upgrade").value_or("");
    return head.method == "GET" && http::list_has(connection, "upgrade") &&
           http::list_has(upgrade, "websocket");
}

}  // namespace

Result<Handshake> read_handshake(const http::RequestHead& head) {
    if (!is_handshake(head))
        return fail(Code::invalid_request, "this path takes WebSocket handshakes only");
    auto key = head.headers.find("sec-websocket-key").value_or("");
    if (head.headers.find("sec-websocket-version").value_or("") != "13" ||
        !http::is_websocket_key(key))
        return fail(Code::invalid_request,
                    "the handshake needs a Sec-WebSocket-Key, and 13 as Sec-WebSocket-Version");
    Handshake out;
    out.accept = http::websocket_accept(key);
    auto offered = head.headers.find("sec-websocket-protocol").value_or("");
    if (http::list_has(offered, own_protocol))
        out.protocol = own_protocol;
    out.beta = http::list_has(offered, beta_protocol) ||
               head.headers.find("openai-beta").value_or("") == "realtime=v1";
    out.model = http::query_value(head.query, "model").value_or("");
    if (auto named = llm::check_model_name(out.model); !named) {
        auto error = fail(Code::invalid_request, "the query must name a model: ?model=...");
        error.param = "model";
        return error;
    }
    return out;
}

Talk::Talk(loop::Loop& loop, std::string key_, bool beta_, std::string model_)
    : key(std::move(key_)), beta(beta_), model(std::move(model_)),
      from_client(true, message_bytes_max), from_provider(false, message_bytes_max), deaf(loop) {}

llm::Usage Talk::estimate() const noexcept {
    auto usage = scan.said();
    usage.audio_in = llm::sound_tokens(heard_bytes, llm::heard_tokens_per_second);
    usage.input = context_tokens;
    return usage;
}

/// The headers of our own handshake with the provider.
HeaderList Relay::Chat::talk_headers() const {
    auto out = handshake_headers(handshake_key());
    if (talk() != nullptr && talk()->beta)
        out.emplace_back("openai-beta", "realtime=v1");
    return out;
}

/// What the provider made of our handshake; nothing: it refused it, or there was none.
std::optional<Result<void>> Relay::Chat::upgraded() {
    if (handshake_key().empty())
        return std::nullopt;
    if (status != switching_protocols) {
        if (verdict_on(status) != Verdict::accepted)
            return std::nullopt;
        return Result<void>(
            fail(Code::upstream_failed, "the provider speaks no WebSocket at this path"));
    }
    return check_handshake(upstream.head(), handshake_key());
}

loop::Task<Result<void>> Relay::serve_realtime(server::Exchange& exchange, Record& record) {
    auto caller = identify(exchange, record);
    if (!caller)
        co_return caller.error();
    auto handshake = read_handshake(exchange.request());
    if (!handshake)
        co_return handshake.error();
    Inbound inbound;
    inbound.operation = providers::Operation::realtime;
    inbound.model = handshake->model;
    auto opening = std::make_unique<Opening>();
    opening->call.model = handshake->model;
    record.call.model = handshake->model;
    record.call.stream = true;
    Chat chat(exchange, record, std::move(*caller), inbound, std::move(opening), parts_.tokenizers);
    auto admitted = admit(chat);
    if (!admitted)
        co_return admitted.error();
    chat.rare = std::make_unique<Chat::Rare>();
    auto priced = std::string(chat.opening->wish.model);
    chat.rare->talk = std::make_unique<Talk>(parts_.loop, new_handshake_key(), handshake->beta,
                                             std::move(priced));
    auto opened = co_await open_first(chat);
    if (!opened)
        co_return co_await end_without_reply(chat, opened.error());
    if (chat.status != switching_protocols)
        co_return co_await pass_on_refusal(chat);
    chat.succeeded();
    chat.begin_reply();
    std::array<http::Header, 4> headers{{{"connection", "Upgrade"},
                                         {"upgrade", "websocket"},
                                         {"sec-websocket-accept", handshake->accept},
                                         {"sec-websocket-protocol", handshake->protocol}}};
    auto list = std::span<const http::Header>(headers).first(handshake->protocol.empty() ? 3 : 4);
    auto begun = co_await exchange.upgrade(list);
    if (begun)
        begun = co_await converse(chat);
    co_return co_await end_talk(chat, std::move(begun));
}

/// Both directions, until one side has had enough.
loop::Task<Result<void>> Relay::converse(Chat& chat) {
    OpenStream counted(open_streams_, false);
    chat.release_request();
    auto& talk = *chat.talk();
    auto ended = [&talk](const Result<void>&) {
        talk.over = true;
        talk.deaf.notify();
    };
    loop::spawn(parts_.loop, hear_client(chat), "realtime", ended);
    auto told = co_await tell_client(chat);
    if (!chat.exchange.client_gone()) {
        auto last = farewell_frames(chat, told);
        // Whether anybody still hears it makes no difference any more.
        if (!last.empty() && talk.between) {
            auto heard = co_await chat.exchange.send_raw(last);
            static_cast<void>(heard);
        }
    }
    chat.exchange.stop_receiving();
    chat.stop_upstream();
    while (!talk.over)
        co_await talk.deaf.until(SteadyTime::max());
    co_return told;
}

/// Client → provider. A slow provider is not read for: the next bytes are asked for when these have
/// left.
loop::Task<Result<void>> Relay::hear_client(Chat& chat) {
    auto& talk = *chat.talk();
    while (!talk.fault) {
        auto bytes = co_await chat.exchange.receive();
        if (!bytes || bytes->empty())
            break;
        if (auto seen = note_client(talk, *bytes); !seen) {
            talk.fault = seen.error();
            break;
        }
        auto sent = co_await chat.upstream.send(*bytes);
        if (!sent || (talk.closed && talk.client_closed))
            break;
    }
    chat.stop_upstream();
    co_return ok();
}

Result<void> Relay::note_client(Talk& talk, std::string_view bytes) {
    while (true) {
        auto piece = talk.from_client.next(bytes);
        if (!piece)
            return piece.error();
        if (!*piece)
            return ok();
        talk.client_closed = talk.client_closed || (*piece)->opcode == http::Opcode::close;
        if (!(*piece)->is_control())
            talk.heard_bytes += static_cast<std::int64_t>((*piece)->payload.size());
    }
}

/// Provider → client. What ends a response leaves when that is paid for.
loop::Task<Result<void>> Relay::tell_client(Chat& chat) {
    auto& talk = *chat.talk();
    while (true) {
        auto read = co_await chat.upstream.next();
        if (!read)
            co_return read.error();
        const auto& chunk = chat.chunk();
        if (auto seen = note_provider(talk, chunk.payload); !seen)
            co_return seen.error();
        auto ended = talk.scan.take();
        if (ended.count > 0) {
            auto paid = co_await settle_response(chat, ended.usage, ended.estimated);
            if (!paid)
                co_return paid.error();
        }
        if (chat.hold.swept() && talk.scan.responding() && !talk.broke)
            set_aside_for_response(chat);
        for (auto payload : chunk.payload) {
            auto sent = co_await chat.exchange.send_raw(payload);
            if (!sent)
                co_return sent.error();
        }
        talk.between = talk.from_provider.at_boundary();
        if (talk.broke && talk.between)
            co_return *talk.broke;
        if (chunk.last || (talk.closed && talk.client_closed))
            co_return talk.farewell();
        // Who has said good-bye does not wait for ever to hear it, too.
        if (talk.closed && !chat.patience) {
            auto give_up = [](void* self) { static_cast<Chat*>(self)->stop_upstream(); };
            chat.patience = std::make_unique<loop::Timer>(parts_.loop.timers(), give_up, &chat);
            chat.patience->arm(parts_.loop.now() + farewell_patience);
        }
    }
}

/// What the end of the provider's connection means.
Result<void> Talk::farewell() const {
    if (closed)
        return ok();
    return fail(Code::upstream_failed, "the provider ended the connection without a word");
}

Result<void> Relay::note_provider(Talk& talk, std::span<const std::string_view> payload) {
    for (auto bytes : payload)
        while (true) {
            auto piece = talk.from_provider.next(bytes);
            if (!piece)
                return fail(Code::upstream_failed, "the provider: " + piece.error().message);
            if (!*piece)
                break;
            talk.closed = talk.closed || (*piece)->opcode == http::Opcode::close;
            if ((*piece)->opcode == http::Opcode::text)
                talk.scan.feed((*piece)->payload, (*piece)->message_end);
        }
    return ok();
}

/// The frames that tell the client why there are no more; empty: he has been told.
std::string Relay::farewell_frames(const Chat& chat, const Result<void>& told) {
    const auto& talk = *chat.talk();
    std::string out;
    if (talk.closed)
        return out;
    if (chat.exchange.stopping()) {
        http::append_frame(out, http::Opcode::close,
                           http::close_payload(going_away, "the server is being restarted"));
        return out;
    }
    std::uint16_t code = internal_error;
    auto error = told ? fail(Code::upstream_failed, "the provider has gone") : told.error();
    if (talk.fault) {
        error = *talk.fault;
        code = error.code == Code::payload_too_large ? too_big : protocol_error;
    } else if (talk.broke) {
        code = policy_violation;
        auto body = llm::error_body(llm::ErrorShape::openai, error, chat.exchange.request_id());
        // The event that the format has for it: {"type":"error","error":{...}}.
        body.insert(1, "\"type\":\"error\",");
        http::append_frame(out, http::Opcode::text, body);
    }
    http::append_frame(out, http::Opcode::close, http::close_payload(code, error.message));
    return out;
}

/// The row of the next response.
storage::Call Relay::row_of_response(Chat& chat, const llm::Usage& usage,
                                     llm::UsageSource source) const {
    auto& talk = *chat.talk();
    auto row = row_of(chat.record, chat.exchange);
    row.usage = usage;
    row.source = source;
    row.cost = {};
    row.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.steady() -
                                                                            chat.exchange.arrived())
                          .count();
    if (talk.responses++ > 0)
        row.request_id += "." + std::to_string(talk.responses);
    else
        row.record = chat.log.text(&chat.candidates, chat.caller->token.group);
    return row;
}

loop::Task<Result<void>> Relay::charge_response(Chat& chat, storage::Call row) {
    auto& call = chat.record.call;
    call.usage = llm::sum(call.usage, row.usage);
    auto charged = co_await parts_.billing.settle(std::move(chat.hold), std::move(row));
    if (!charged)
        co_return charged.error();
    call.cost += *charged;
    co_return ok();
}

/// Charges a response by what it used, and sets money aside for the next one.
loop::Task<Result<void>> Relay::settle_response(Chat& chat, llm::Usage usage, bool estimated) {
    auto& talk = *chat.talk();
    auto source = llm::UsageSource::provider;
    if (estimated) {
        usage = llm::sum(usage, talk.estimate());
        source = llm::UsageSource::estimated;
    }
    auto row = row_of_response(chat, usage, source);
    auto charged = co_await charge_response(chat, std::move(row));
    if (!charged)
        co_return charged.error();
    talk.heard_bytes = 0;
    talk.context_tokens = usage.input_all() + usage.output_all();
    set_aside_for_response(chat);
    co_return ok();
}

/// For the next response; or, after a long silence, for the one that has begun.
void Relay::set_aside_for_response(Chat& chat) {
    auto& talk = *chat.talk();
    auto ask = ask_for(chat.record.call, {});
    ask.served = chat.candidates.plan().upstream_models;
    ask.channels = chat.candidates.plan().channels;
    ask.model = talk.model;
    ask.at_most.input = talk.context_tokens + more_input_tokens;
    ask.at_most.output = settings_.output_tokens_default;
    auto hold = parts_.billing.reserve(ask);
    if (hold)
        chat.hold = std::move(*hold);
    else
        talk.broke = std::move(hold.error());
}

/// A response that never came to its end costs what was seen of it; a talk without any, nothing.
loop::Task<Result<void>> Relay::end_talk(Chat& chat, Result<void> ended) {
    auto& talk = *chat.talk();
    auto& call = chat.record.call;
    bool running = talk.scan.responding();
    if (!chat.hold.open() || (talk.responses > 0 && !running))
        co_return ok();
    if (ended || talk.closed) {
        // All that was to be said has been said.
    } else if (ended.error().code == Code::cancelled) {
        call.finish_reason = "aborted";
    } else {
        call.finish_reason = "cut";
        call.error = info(ended.error().code).name;
    }
    auto usage = talk.estimate();
    auto source = llm::UsageSource::estimated;
    if (!running) {
        usage = {};
        source = llm::UsageSource::none;
    }
    auto row = row_of_response(chat, usage, source);
    co_return co_await charge_response(chat, std::move(row));
}

void Relay::ask_of_realtime(billing::Ask& ask) const {
    ask.at_most.input = first_input_tokens;
    ask.at_most.output = settings_.output_tokens_default;
}

}  // namespace obliv::relay
