#pragma once

#include "core/llm/estimate.hpp"
#include "core/llm/media_reply.hpp"
#include "core/llm/reply_scan.hpp"
#include "core/loop/event.hpp"
#include "core/loop/timer_wheel.hpp"
#include "core/metering/reply_meter.hpp"
#include "daemon/relay/attempts.hpp"
#include "daemon/relay/continuation.hpp"
#include "daemon/relay/conversion.hpp"
#include "daemon/relay/dialogue.hpp"
#include "daemon/relay/large_body.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/relay/talk.hpp"
#include "daemon/relay/translator.hpp"

#include <array>
#include <atomic>
#include <variant>

namespace obliv::relay {

/// Counts an open stream while it lives.
class OpenStream {
public:
    /// `goes_on`: it is counted already.
    OpenStream(std::atomic<std::int64_t>& count, bool goes_on) noexcept
        : count_(goes_on ? nullptr : &count) {
        if (count_ != nullptr)
            count_->fetch_add(1, std::memory_order_relaxed);
    }
    OpenStream(const OpenStream&) = delete;
    OpenStream& operator=(const OpenStream&) = delete;
    ~OpenStream() {
        if (count_ != nullptr)
            count_->fetch_sub(1, std::memory_order_relaxed);
    }

private:
    std::atomic<std::int64_t>* count_;
};

/// What a reply's head is made with, and what it was the answer to.
struct Relay::ReplyHead {
    bool converted = false;              ///< what goes to the channel is not what came
    bool translated = false;             ///< nor is what goes back what the channel said
    std::int64_t injected = 0;           ///< tokens of a prompt that the channel adds
    std::optional<std::string> refusal;  ///< the body of a refusal, where it was read already
    std::string model_instead;           ///< the one that is asked instead
    std::string dropped;                 ///< of the request
    std::string content_type;
    std::optional<std::uint64_t> content_length;
    std::string upstream_request_id;
};

/// A provider's reply as it comes back.
struct Relay::Reply {
    const providers::Offer* offer = nullptr;  ///< of the channel; null: it does not do this
    channels::Health* health = nullptr;       ///< of the channel; lives with the candidates
    std::int64_t input_estimate = 0;  ///< of the body, which is gone when the call is settled
    upstream::Call upstream;
    /// Of a reply in OpenAI's form; which one it is shows with its head.
    std::variant<llm::PlainScan, llm::StreamScan> scan;
    /// Instead of the scanners, if it is not OpenAI's form. Shared with the worker that may be
    /// parsing a long reply.
    std::shared_ptr<Translator> translator;
    std::string held;  ///< read, and not shown yet
    int status = 0;    ///< as the channel takes it
    bool event_stream = false;
    bool accepted = false;  ///< the provider's stream has begun, though nothing was shown yet

    /// Forgets what it said. The next one is heard by `listener`.
    void forget(llm::ReplyListener& listener);
};

/// What a call needs until its reply has begun. A stream does not carry it along.
struct Relay::Opening : loop::InFrames, Relay::ReplyHead {
    Opening() = default;
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;
    ~Opening();

    llm::ChatCall call;
    std::string_view body;
    std::unique_ptr<LargeBody> large;  ///< null: it is short
    Share memory;                      ///< of what is made of a long one
    channels::Wish wish;
    // Where the name of the model asks for a reasoning effort.
    std::string model_plain;     ///< without it
    std::string effort;          ///< which the body is to say; empty: it is to say none
    std::string variant;         ///< of images, as far as it is foreseen
    bool has_fallbacks = false;  ///< other models may be asked

    // The request as it goes upstream.
    std::vector<llm::Edit> edits;
    std::string head;
    std::vector<std::string_view> request;
    /// Shared with the worker that may be writing a long one; null until a channel of another
    /// format is tried.
    std::shared_ptr<Conversion> conversion;
    // Of the access token in the head, where there is one.
    std::uint64_t token_number = 0;
    bool token_kept = false;
    std::size_t fetched_bytes = 0;       ///< of media that the caller told by URLs
    std::optional<Error> fetch_failure;  ///< of those; the next channel need not try again
    std::string shaped;                  ///< a converted body with the channel's parameters
    std::optional<Sha256> digest;        ///< of a long request that is to be signed

    std::optional<Error> last_failure;  ///< of the last attempt that was a channel's own

    /// The body, or of a long one what is kept of it; empty: it would take the loop too long to
    /// read.
    std::string_view fields() const noexcept { return large ? large->text_of({}) : body; }
    // request_body.cpp
    std::int64_t input_tokens_bound() const noexcept;
    std::int64_t estimate_input_tokens() const noexcept;
    const llm::InputParts& parts() const noexcept;
    std::vector<llm::FieldChange> changes(const Target& target) const;
    std::vector<llm::Edit> field_edits(std::span<const llm::FieldChange> changes) const;
    void require(channels::Candidates& candidates) const;  // find_channels.cpp
    std::string_view mapped(const server::Exchange& exchange) const;

private:
    mutable std::optional<llm::InputParts> parts_;  ///< of the body, once somebody has asked
};

/// The state of one call, mostly a chat completion, between the steps of Relay, and the reply that
/// it has now.
struct Relay::Chat : loop::InFrames, Relay::Reply {
    Chat(server::Exchange& exchange_, Record& record_, gate::Caller caller_,
         const Inbound& inbound_, std::unique_ptr<Opening> opening_,
         const tokenizer::Tokenizers& tokenizers);
    ~Chat();
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;

    // Before the reply.
    /// After the reply has begun: an attempt to go on with it.
    void begin_attempt(const channels::Option& option, std::chrono::milliseconds waited,
                       SteadyTime now);
    void use_key(std::size_t key, SteadyTime now);
    /// Ends the attempt; the caller's own departure is not the channel's fault.
    Error failed(channels::Cause cause, Error error);
    /// The same where no answer came: for want of time, or for `other`.
    Error silent(channels::Cause other, Error error);
    void note_end(channels::Cause cause, const Error& error);
    void forget_reply();
    void choose_offer(const channels::Option& option);
    const providers::Offer* offer_of(const providers::Provider& provider) const;
    /// The channel is not at fault: this call is not for it.
    Error unfit(Error error);
    // request_body.cpp
    /// All of the request but its head: goes over a body that is to be changed.
    void write_body(const Target& target);
    bool shapes(const Target& target) const noexcept;
    void append_body();
    /// After write_body().
    Result<void> write_head(const Target& target, const channels::Option& option, std::size_t key,
                            const Clock& clock);
    void count_injected();
    HeaderList talk_headers() const;
    std::optional<Result<void>> upgraded();
    loop::Task<Result<void>> put_question();
    void write_question(const channels::Entry& entry, std::size_t key);
    /// The messages of a WebSocket that a read brought.
    Result<bool> take_messages();
    void say_good_bye();
    std::span<const std::string_view> request_pieces() const noexcept { return opening->request; }
    bool gone() const { return exchange.client_gone() || exchange.stopping(); }
    /// Nobody listens any more. A provider that has said everything is heard out for a moment,
    /// because its figures are still to come; any other is stopped.
    void client_left();
    void stop_upstream();

    // The reply.
    bool is_stream() const noexcept { return event_stream; }
    const llm::StreamScan& stream() const { return std::get<llm::StreamScan>(scan); }
    const upstream::Chunk& chunk() const noexcept { return upstream.chunk(); }
    /// Keeps what is needed of the reply's head, which goes with the first wait for its body.
    /// A stream may produce so many bytes before more money has to be set aside.
    Result<void> take_head(const providers::Provider& provider, const Clock& clock,
                           std::int64_t produced_bytes_max, Proofs& proofs);
    /// Whether the stream has produced more than is paid for, and there is more of it.
    bool over() const noexcept { return facts().over && !facts().done; }
    /// Lets a stream that is over go on until it has produced so many bytes in all.
    Result<void> go_on(std::int64_t produced_bytes_max, SteadyTime now);
    /// Ends it where it is.
    void cut_short();
    /// Takes in the chunk that was just read: scans it and, of a stream, picks what goes out.
    Result<void> take_chunk(SteadyTime now);
    void note_content(SteadyTime now);
    /// Whether the reply has said something: a role, a ping or half an event is nothing yet.
    bool worth_showing() const noexcept;
    /// Whether the reply says only that the provider's content policy forbids it, and another model
    /// may be asked.
    bool is_blocked() const noexcept;
    /// Keeps what the last read brought until there is more; put_held_first() puts it in front of
    /// what goes out next, and forget_held() follows when that has gone.
    void hold_back();
    void put_held_first();
    void forget_held() noexcept { std::string().swap(held); }
    void start_reply();
    /// Before there is a reply: the caller gets a heartbeat instead, with the head before it.
    void start_early();
    void expect_stream(std::int64_t produced_bytes_max);
    void start_media();
    void start_translator(const providers::Provider& provider, const Clock& clock, Proofs& proofs);
    /// Whatever the reply is, its head has come.
    void note_head(upstream::Call reply, const Target& target);
    void note_upstream_id();
    // go_on.cpp: streams that break off.
    bool may_go_on(const Result<void>& ended) const;
    bool can_go_on(const channels::Option& option) const;
    const channels::Option* next_to_go_on(const channels::Option*& broken);
    Error will_not_go_on();
    void begin_reply();
    void release_request();
    void release_if_over();
    /// Headers of the reply, as views into this object.
    struct Headers {
        std::array<http::Header, 6> list;
        std::size_t count = 0;
        void add(std::string_view name, std::string_view value) noexcept {
            list[count++] = {name, value};
        }
        std::span<const http::Header> view() const noexcept { return {list.data(), count}; }
    };
    Headers reply_headers() const noexcept;
    const llm::ReplyFacts& facts() const noexcept {
        return translator != nullptr ? translator->facts()
               : media() != nullptr  ? media()->facts()
               : event_stream        ? stream().facts()
                                     : std::get<llm::PlainScan>(scan).facts();
    }

    // The end. Each notes in the row why the call failed, if it did.
    void end_without_reply(const Error& error);
    void end(const Result<void>& ended);
    void end_stream(const Result<void>& ended);
    void end_whole(Result<void>& ended);
    void succeeded();
    void end_refused();  ///< the provider says that the request is wrong
    const Error& told(const Error& error) const;
    std::string own_words(const Error& error) const;
    std::span<const std::string_view> closing_pieces();
    Result<void> outcome_of(const Result<void>& ended) const;
    void fill_usage(std::int64_t thoughts_per_second);
    void fill_plain_usage();
    void fill_counted_usage(std::int64_t thoughts);
    void note_figures(bool told);
    /// Of output until now: what the provider told, and what was counted since.
    std::int64_t produced_tokens();
    /// Whether the input has to be counted while the request is still there.
    bool expects_no_figures() const noexcept;
    std::int64_t unseen_thoughts(std::int64_t per_second) const;
    std::string length_end() const;
    void fill_media_usage();
    void fill_abandoned_media();
    void fill_whole_media(std::int64_t images);
    std::string_view stream_error() const noexcept;
    /// `code`, unless the call ended because the caller left or we are stopping.
    Code reason(Code code) const;

    server::Exchange& exchange;
    Record& record;
    gate::Caller caller;
    const Inbound& inbound;
    gate::Permit permit;
    channels::Candidates candidates;
    billing::Hold hold;
    /// Null from release_request() on.
    std::unique_ptr<Opening> opening;

    /// The provider says that this model cannot, but another may: ends the attempt.
    void refused_for_model();

    AttemptMark attempt;
    bool other_model = false;        ///< this one was refused, another may do
    channels::Cause fault{};         ///< of the last attempt
    loop::Event* pausing = nullptr;  ///< what a pause between attempts waits for
    AttemptLog log;
    std::unique_ptr<loop::Timer> patience;  ///< with a provider, once the caller has left
    upstream::Cancel cancel;

    // The reply as it comes back.
    metering::ReplyMeter meter;  ///< of what the provider tells no figures of
    /// What hardly any call has.
    struct Rare {
        std::shared_ptr<const llm::MediaCall> asked;  ///< of a call for pictures or sound
        std::unique_ptr<llm::MediaScan> media;        ///< of its reply, instead of the scanners
        std::unique_ptr<Talk> talk;                   ///< of Realtime, in place of a reply
        std::unique_ptr<Continuation> continuation;   ///< of a stream that others may go on with
        std::unique_ptr<Dialogue> dialogue;           ///< where the provider is asked over one
    };
    std::unique_ptr<Rare> rare;  ///< null for most chats
    Continuation* continuation() const noexcept {
        return rare ? rare->continuation.get() : nullptr;
    }
    llm::MediaScan* media() const noexcept { return rare ? rare->media.get() : nullptr; }
    Talk* talk() const noexcept { return rare ? rare->talk.get() : nullptr; }
    Dialogue* dialogue() const noexcept { return rare ? rare->dialogue.get() : nullptr; }
    /// Of our handshake with the provider; there is one where a WebSocket is asked for.
    std::string_view handshake_key() const noexcept;
    std::vector<std::string_view> pieces;  ///< of the last chunk: what is still to be sent
    std::string closing_error;             ///< the event that ends a stream which broke off
    bool as_it_came = false;               ///< the last chunk may go out with its framing
    bool stopped_short = false;  ///< the money ran out: the stream ends as one that is too long
    bool early = false;          ///< the head of a stream was sent before any provider's came
    bool usage_asked = false;    ///< by the caller of a stream
    std::uint16_t choices = 1;   ///< of a stream
    bool begun = false;          ///< the provider's reply is on its way to the client
    bool input_exact = false;    ///< `input_estimate` was counted
};

}  // namespace obliv::relay
