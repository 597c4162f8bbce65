#include "daemon/relay/chat.hpp"

#include "core/base/text.hpp"
#include "core/config/limits.hpp"
#include "core/llm/estimate.hpp"
#include "core/llm/json_scan.hpp"
#include "core/llm/wire_error.hpp"
#include "core/loop/loop.hpp"
#include "daemon/relay/plain_reply.hpp"
#include "daemon/relay/proofs.hpp"
#include "daemon/relay/race.hpp"
#include "daemon/relay/request_head.hpp"
#include "daemon/relay/upstream_error.hpp"

namespace obliv::relay {
namespace {

constexpr auto event_bytes_max = static_cast<std::uint32_t>(limits::sse_event_bytes);
constexpr int client_closed_request = 499;
constexpr std::string_view lost_race =
    "another channel answered first; what this one costs is the operator's";
// The figures follow the last word at once, and the rest of a plain reply its head.
constexpr auto figures_patience = std::chrono::seconds(1);

bool has_type(const http::ResponseHead& head, std::string_view wanted) {
    auto type = head.headers.find("content-type");
    return type && type->size() >= wanted.size() &&
           equal_ignoring_case(type->substr(0, wanted.size()), wanted);
}

bool is_event_stream(const http::ResponseHead& head) {
    return has_type(head, "text/event-stream");
}

/// The ways of other formats to stream: Bedrock's and Ollama's.
bool is_other_stream(const http::ResponseHead& head) {
    return has_type(head, "application/vnd.amazon.eventstream") ||
           has_type(head, "application/x-ndjson");
}

std::uint32_t scan_limit(std::int64_t bytes) {
    return static_cast<std::uint32_t>(std::min<std::int64_t>(bytes, llm::StreamScan::endless));
}

/// Whether the stream came to its own end.
bool complete(const llm::ReplyFacts& facts) {
    return !facts.error && (facts.done || !facts.finish_reason.empty());
}

/// What the events of a reply say of it as a whole, from one of them.
llm::Begun begun_of(const upstream::Chunk& chunk) {
    llm::Begun begun;
    for (auto payload : chunk.payload) {
        auto text = [&](std::string_view key) {
            auto at = llm::find_value(payload, key);
            bool is_text = at < payload.size() && payload[at] == '"';
            return std::string(is_text ? llm::string_at(payload, at) : std::string_view());
        };
        begun.id = text("id");
        begun.model = text("model");
        auto created = llm::find_value(payload, "created");
        if (created < payload.size())
            begun.created =
                parse_int(payload.substr(created, payload.find_first_of(",}", created) - created))
                    .value_or(0);
        if (!begun.id.empty())
            break;
    }
    return begun;
}

}  // namespace

Relay::Chat::Chat(server::Exchange& exchange_, Record& record_, gate::Caller caller_,
                  const Inbound& inbound_, std::unique_ptr<Opening> opening_,
                  const tokenizer::Tokenizers& tokenizers)
    : exchange(exchange_), record(record_), caller(std::move(caller_)), inbound(inbound_),
      opening(std::move(opening_)), meter(tokenizers, record.call.model_served) {
    input_estimate = opening->call.media ? opening->call.media->estimate.input
                                         : opening->estimate_input_tokens();
    if (opening->call.media) {
        rare = std::make_unique<Rare>();
        rare->asked = opening->call.media;
    }
    exchange.on_client_gone([this] { client_left(); });
}

Relay::Chat::~Chat() {
    exchange.on_client_gone({});
    exchange.set_pulse(nullptr, nullptr);
}

void Relay::Chat::client_left() {
    bool all_said = begun && talk() == nullptr && (!event_stream || !facts().finish_reason.empty());
    if (!all_said)
        return stop_upstream();
    if (patience)
        return;
    auto& loop = exchange.loop();
    auto give_up = [](void* self) { static_cast<Chat*>(self)->stop_upstream(); };
    patience = std::make_unique<loop::Timer>(loop.timers(), give_up, this);
    patience->arm(loop.now() + figures_patience);
}

void Relay::Chat::stop_upstream() {
    cancel.cancel();
    if (upstream)
        upstream.cancel();
    if (pausing != nullptr)
        pausing->notify();
}

void Relay::Chat::begin_attempt(const channels::Option& option, std::chrono::milliseconds waited,
                                SteadyTime now) {
    attempt = AttemptMark(option, now);
    log.begin(option, now, waited);
    if (inbound.contender != nullptr)
        inbound.contender->began(option);
    record.channel = option.entry->channel.name;
    health = option.entry->health.get();
    record.call.channel = option.entry->channel.id;
    record.call.model_served = option.match.upstream_model;
    choose_offer(option);
    upstream = upstream::Call();
    status = 0;
    if (auto* unfinished = continuation())
        unfinished->option = &option;
    if (begun)
        return;  // what has been shown stays
    opening->edits.clear();
    if (inbound.model.empty())
        opening->edits =
            llm::upstream_edits(opening->call, option.match.upstream_model, inbound.is_openai());
    accepted = false;
    other_model = false;
    opening->refusal.reset();
    forget_reply();
}

void Relay::Chat::use_key(std::size_t key, SteadyTime now) {
    attempt.use_key(key, now);
    record.call.key_index = static_cast<int>(key);
    log.set_key(static_cast<int>(key));
}

/// Null: the provider does not do this.
const providers::Offer* Relay::Chat::offer_of(const providers::Provider& provider) const {
    if (inbound.operation != providers::Operation::chat)
        return providers::plain_offer(provider, inbound.operation, inbound.plain_form());
    const auto* elsewhere =
        begun ? providers::find_offer(provider, providers::Operation::continuation) : nullptr;
    return elsewhere != nullptr ? elsewhere : providers::chat_offer(provider, inbound.wire);
}

void Relay::Chat::choose_offer(const channels::Option& option) {
    const auto* provider = option.entry->provider;
    offer = provider == nullptr ? nullptr : offer_of(*provider);
    opening->translated = opening->converted = false;
    if (offer == nullptr)
        return;
    bool chat = inbound.operation == providers::Operation::chat;
    bool renamed = !chat && option.match.upstream_model != opening->call.model;
    opening->translated = continuation() != nullptr || !inbound.passes(*offer, renamed);
    // Only OpenAI's own format has a field for an effort that could be put into the body.
    bool asks = !opening->effort.empty() && !inbound.is_openai();
    bool tells = chat && (asks || !option.entry->channel.settings.system_prompt.empty());
    opening->converted = opening->translated || tells;
}

void Relay::Reply::forget(llm::ReplyListener& listener) {
    scan = llm::PlainScan(&listener);
    translator.reset();
    std::string().swap(held);
    event_stream = false;
}

void Relay::Chat::forget_reply() {
    forget(meter);
    meter.forget();
    if (rare) {
        rare->media.reset();
        rare->dialogue.reset();
    }
    pieces.clear();
    record.call.ttft_us = -1;
}

Error Relay::Chat::failed(channels::Cause cause, Error error) {
    note_end(cause, error);
    opening->last_failure = error;
    return error;
}

Error Relay::Chat::silent(channels::Cause other, Error error) {
    bool late = error.code == Code::upstream_timeout;
    return failed(late ? channels::Cause::timeout : other, std::move(error));
}

void Relay::Chat::note_end(channels::Cause cause, const Error& error) {
    auto now = exchange.loop().now();
    fault = gone() ? channels::Cause::cancelled : cause;
    if (!gone())
        attempt.failed(cause, error, now);
    bool lost = inbound.contender != nullptr && inbound.contender->lost();
    log.end(fault, lost ? lost_race : std::string_view(error.message), now);
}

Error Relay::Chat::unfit(Error error) {
    attempt = AttemptMark();
    fault = channels::Cause::unusable;
    log.end(channels::Cause::unusable, error.message, exchange.loop().now());
    // Had the channel before answered, nobody would have been told of this one.
    return opening->last_failure ? *opening->last_failure : error;
}

Result<void> Relay::Chat::write_head(const Target& target, const channels::Option& option,
                                     std::size_t key, const Clock& clock) {
    bool converted = opening->converted;
    if (converted || opening->injected > 0)
        count_injected();
    HeaderList passed;
    if (!converted && !inbound.is_openai())
        passed = forwarded_headers(inbound, exchange.request());
    if (offer->dialogue != nullptr)
        write_question(*option.entry, key);
    bool handshakes = talk() != nullptr || offer->dialogue != nullptr;
    if (handshakes)
        passed = talk_headers();
    opening->head.clear();
    Errand errand{*option.entry,       target, *offer, key, option.match.upstream_model,
                  opening->call.stream};
    errand.digest = opening->digest;
    if (rare && rare->asked)
        errand.content_type = rare->asked->content_type;
    auto made =
        append_head(opening->head, errand,
                    converted && !handshakes ? opening->conversion->written().headers : passed,
                    request_pieces().subspan(1), clock);
    opening->request.front() = opening->head;
    return made;
}

Result<void> Relay::Chat::take_head(const providers::Provider& provider, const Clock& clock,
                                    std::int64_t produced_bytes_max, Proofs& proofs) {
    const auto& reply = upstream.head();
    auto encoding = reply.headers.find("content-encoding").value_or("identity");
    if (!encoding.empty() && !equal_ignoring_case(encoding, "identity"))
        return fail(Code::upstream_failed,
                    "the provider compressed its reply, which it was asked not to do");
    event_stream = is_event_stream(reply);
    meter.keep_at_most(event_stream ? metering::ReplyMeter::stream_bytes_max
                                    : metering::ReplyMeter::whole_bytes_max);
    opening->dropped.clear();
    bool chat = inbound.operation == providers::Operation::chat;
    if (opening->translated || (chat && !inbound.is_openai()))
        start_translator(provider, clock, proofs);
    if (opening->converted)
        opening->dropped = opening->conversion->dropped();
    if (opening->call.media)
        start_media();
    else if (event_stream)
        expect_stream(produced_bytes_max);
    else if (early)
        return fail(Code::upstream_failed,
                    "the provider did not stream its reply, and the caller waits for a stream");
    else if (opening->call.stream)
        exchange.set_pulse(nullptr, nullptr);
    opening->content_type =
        std::string(reply.headers.find("content-type").value_or("application/json"));
    opening->content_length = reply.content_length;
    note_upstream_id();
    return ok();
}

void Relay::Chat::expect_stream(std::int64_t produced_bytes_max) {
    const auto& call = opening->call;
    if (translator)
        translator->limit(produced_bytes_max);
    else
        scan = llm::StreamScan({call.stream && !call.usage_asked, event_bytes_max,
                                scan_limit(produced_bytes_max), &meter});
}

void Relay::Chat::start_translator(const providers::Provider& provider, const Clock& clock,
                                   Proofs& proofs) {
    const auto& call = opening->call;
    bool translated = opening->translated;
    const auto* conversion = opening->conversion.get();
    if (inbound.operation == providers::Operation::chat) {
        bool came = event_stream || is_other_stream(upstream.head());
        auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch());
        Translator::Parts parts{inbound,
                                call,
                                translated ? &conversion->request() : nullptr,
                                *offer->wire,
                                providers::dialect_of(provider),
                                exchange.request_id(),
                                seconds.count(),
                                came,
                                &meter};
        event_stream = event_stream || begun;
        if (begun)
            return translator->resume(parts, continuation()->spent);
        translator = std::make_shared<Translator>(parts);
        translator->watch_with(continuation());
    } else {
        auto [reader, writer] = plain_reply({*inbound.plain_form(),
                                             *providers::form_of(*offer),
                                             conversion->plain(),
                                             {call.model, input_estimate}});
        translator = std::make_shared<Translator>(std::move(reader), std::move(writer));
    }
    if (!translated)
        return;
    if (inbound.operation == providers::Operation::chat)
        translator->watch_with(std::make_unique<ProofWatch>(proofs, record.call.account),
                               exchange.loop().now());
    event_stream = call.stream;
}

void Relay::Chat::note_head(upstream::Call reply, const Target& target) {
    upstream = std::move(reply);
    status = target.taken_for(upstream.status());
    log.set_status(upstream.status());
    attempt.note_quota(upstream.head().headers, exchange.loop().turn_began());
}

void Relay::Chat::note_upstream_id() {
    // Anthropic and AWS have names of their own for it.
    opening->upstream_request_id.clear();
    for (std::string_view name : {"x-request-id", "request-id", "x-amzn-requestid"})
        if (auto id = upstream.head().headers.find(name);
            id && opening->upstream_request_id.empty())
            opening->upstream_request_id = std::string(*id);
}

Result<void> Relay::Chat::take_chunk(SteadyTime now) {
    pieces.clear();
    log.add_bytes(chunk().raw.size());
    if (translator) {
        auto same = dialogue() != nullptr ? take_messages()
                                          : translator->take(chunk().payload, chunk().last, pieces);
        if (!same)
            return same.error();
        as_it_came = *same;
    } else if (media() != nullptr) {
        as_it_came = media()->feed(chunk().payload, pieces);
    } else if (auto* stream = std::get_if<llm::StreamScan>(&scan)) {
        auto same = stream->feed(chunk().payload, pieces);
        if (!same)
            return same.error();
        as_it_came = *same;
    } else {
        const auto& payload = chunk().payload;
        for (const auto& piece : payload)
            std::get<llm::PlainScan>(scan).feed(piece, chunk().last && &piece == &payload.back());
    }
    note_content(now);
    return ok();
}

Result<void> Relay::Chat::go_on(std::int64_t produced_bytes_max, SteadyTime now) {
    pieces.clear();
    as_it_came = false;
    Result<bool> done = false;
    if (translator)
        done = translator->go_on(produced_bytes_max, chunk().last, pieces);
    else
        done = std::get<llm::StreamScan>(scan).go_on(scan_limit(produced_bytes_max), pieces);
    if (!done)
        return done.error();
    note_content(now);
    return ok();
}

void Relay::Chat::cut_short() {
    stopped_short = true;
    stop_upstream();
}

void Relay::Chat::refused_for_model() {
    auto now = exchange.loop().now();
    attempt.succeeded(now);
    log.end(channels::Cause::refused, "the call asks too much of this model, or its policy says no",
            now);
    other_model = true;
}

void Relay::Chat::begin_reply() {
    begun = true;
    record.call.status = status;
}

Relay::Chat::Headers Relay::Chat::reply_headers() const noexcept {
    Headers headers;
    if (!begun)
        return headers;
    if (!opening->dropped.empty())
        headers.add("x-oblivious-dropped", opening->dropped);
    if (!opening->model_instead.empty())
        headers.add("x-oblivious-model", opening->model_instead);
    if (!opening->upstream_request_id.empty())
        headers.add("x-upstream-request-id", opening->upstream_request_id);
    // Where Anthropic's SDK looks for it.
    if (inbound.errors() == llm::ErrorShape::anthropic)
        headers.add("request-id", exchange.request_id());
    if (event_stream) {
        headers.add("cache-control", "no-cache");
        headers.add("x-accel-buffering", "no");
    }
    return headers;
}

void Relay::Chat::start_early() {
    early = true;
    std::array<http::Header, 3> headers{{{"cache-control", "no-cache"},
                                         {"x-accel-buffering", "no"},
                                         {"request-id", exchange.request_id()}}};
    bool anthropic = inbound.errors() == llm::ErrorShape::anthropic;
    exchange.start(200, "text/event-stream; charset=utf-8",
                   std::span(headers).first(anthropic ? 3 : 2));
}

void Relay::Chat::start_reply() {
    begin_reply();
    if (early)
        return;
    auto headers = reply_headers();
    if (event_stream) {
        auto type = translator && !translator->passes()
                        ? translator->content_type()
                        : std::string_view("text/event-stream; charset=utf-8");
        exchange.start(status, type, headers.view());
        return;
    }
    exchange.start(status, opening->content_type, headers.view(), opening->content_length);
}

void Relay::Chat::release_request() {
    // A stream may idle for minutes: what it was asked with goes.
    choices = static_cast<std::uint16_t>(std::min<std::int64_t>(opening->call.choices, 65'535));
    usage_asked = opening->call.usage_asked;
    if (continuation() != nullptr)
        return;  // somebody else may have to be asked as well
    opening.reset();
    exchange.release_request();
}

Code Relay::Chat::reason(Code code) const {
    if (exchange.stopping())
        return Code::unavailable;
    return gone() ? Code::cancelled : code;
}

void Relay::Chat::end_without_reply(const Error& error) {
    // What a failed attempt may have produced reached nobody. Where the caller left it was no
    // failure, and the figures that have come are true.
    if (!gone() || !accepted)
        forget_reply();
    auto& row = record.call;
    row.error = info(reason(error.code)).name;
    row.status = gone() ? client_closed_request : llm::status_of(inbound.errors(), error);
    if (early)
        row.status = 200;
    if (gone())
        row.finish_reason = "aborted";
}

void Relay::Chat::succeeded() {
    auto now = exchange.loop().turn_began();
    attempt.succeeded(now);
    log.end(channels::Cause::ok, {}, now);
}

void Relay::Chat::end(const Result<void>& ended) {
    auto& row = record.call;
    row.finish_reason = facts().finish_reason;
    if (ended)
        return succeeded();
    row.error = info(reason(ended.error().code)).name;
    row.finish_reason = gone() ? "aborted" : "cut";
    note_end(channels::Cause::cut, ended.error());
}

/// What the provider itself said goes before what we made of it.
const Error& Relay::Chat::told(const Error& error) const {
    const auto* failure = translator->failure();
    return failure != nullptr && !exchange.stopping() ? *failure : error;
}

std::string Relay::Chat::own_words(const Error& error) const {
    auto error_text = stream_error();
    if (error_text.empty())
        return llm::error_body(llm::ErrorShape::openai, error, exchange.request_id());
    return callers_error_body(error_text, inbound.errors(), upstream.status(),
                              exchange.request_id());
}

Result<void> Relay::Chat::outcome_of(const Result<void>& ended) const {
    bool all_said = complete(facts());
    if (ended && !all_said)
        return fail(Code::upstream_failed,
                    facts().error ? "the provider broke off its stream with an error"
                                  : "the provider's stream ended before it was complete");
    if (all_said && !gone())
        return ok();  // whatever became of the connection behind the last word
    return ended;
}

void Relay::Chat::end_stream(const Result<void>& ended) {
    if (stopped_short && ended) {
        record.call.finish_reason = "length";
        record.call.error = info(Code::quota_exhausted).name;
        return succeeded();
    }
    auto outcome = outcome_of(ended);
    end(outcome);
    if (!outcome && !(gone() && !exchange.stopping())) {
        auto error = exchange.stopping() ? fail(Code::unavailable, "the server is being restarted")
                                         : outcome.error();
        closing_error = translator ? std::string(translator->broken(told(error)))
                                   : "data: " + own_words(error) + "\n\n";
    }
}

void Relay::Chat::end_whole(Result<void>& ended) {
    if (const auto* failure = translator->failure(); ended && failure != nullptr)
        ended = *failure;
    end(ended);
}

void Relay::Chat::end_refused() {
    succeeded();
    record.call.status = early ? 200 : status;
    record.call.error = info(Code::invalid_request).name;
}

std::span<const std::string_view> Relay::Chat::closing_pieces() {
    if (stopped_short && closing_error.empty())
        closing_error = length_end();
    if (!closing_error.empty())
        pieces.push_back(closing_error);
    else if (translator)
        pieces.push_back(translator->closing());
    if (translator)
        return pieces;
    if (media() != nullptr) {
        if (closing_error.empty())
            pieces.push_back(media()->closing());
        return pieces;
    }
    if (!stream().closing().empty())
        pieces.push_back(stream().closing());
    else if (closing_error.empty() && !stream().unfinished().empty())
        pieces.push_back(stream().unfinished());
    return pieces;
}

/// The end of a stream in the caller's format, as of a reply that has become too long.
std::string Relay::Chat::length_end() const {
    const auto& usage = record.call.usage;
    if (translator)
        return std::string(translator->cut(choices, usage));
    wire::WriteOptions options;
    options.stream = true;
    options.usage = usage_asked;
    options.request_id = std::string(exchange.request_id());
    auto writer = wire::openai.new_writer(options);
    std::string out;
    writer->write({begun_of(chunk()), 0, 0}, out);
    out.clear();  // that has been said
    for (std::int32_t choice = 0; choice < choices; ++choice)
        writer->write({llm::Finished{llm::Finish::length}, choice, 0}, out);
    writer->write({llm::UsageReport{usage}, 0, 0}, out);
    writer->finish(out);
    return out;
}

}  // namespace obliv::relay
