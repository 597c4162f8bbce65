#pragma once

#include "core/base/bound.hpp"
#include "core/base/clock.hpp"
#include "core/llm/chat_call.hpp"
#include "core/storage/usage.hpp"
#include "daemon/billing/billing.hpp"
#include "daemon/cache/answer_cache.hpp"
#include "daemon/channels/channels.hpp"
#include "daemon/gate/gate.hpp"
#include "daemon/relay/inbound.hpp"
#include "daemon/relay/retries.hpp"
#include "daemon/relay/targets.hpp"
#include "daemon/server/exchange.hpp"
#include "daemon/upstream/pool.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::loop {
class BlockingPool;
}

namespace obliv::tokenizer {
class Tokenizers;
}

namespace obliv::relay {

class AccessTokens;
struct LargeBody;
struct Race;
struct Memory;
struct Talk;
class Proofs;

/// What is known of a call when it has ended: for its log line and its metrics. The relay fills it
/// in as far as the call got.
struct Record {
    storage::CallFacts call;
    std::string token;    ///< its name
    std::string channel;  ///< its name
};

/// Notes in the record who calls, from where and when.
void describe_caller(Record& record, const server::Exchange& exchange, const storage::Token& token,
                     WallTime now);
/// The row to be stored. Its request id and its client are taken from the exchange, so that an open
/// stream does not carry them twice.
storage::Call row_of(const Record& record, const server::Exchange& exchange);

/// The request path of one loop: everything from the credential to the settled bill. Used on that
/// loop only; what it refers to outlives it.
class Relay {
public:
    struct Parts {
        loop::Loop& loop;
        loop::BlockingPool& workers;
        gate::Gate& gate;
        channels::Channels& channels;
        billing::Billing& billing;
        upstream::Pool& pool;
        const Clock& clock;
        std::uint64_t seed;
        cache::AnswerCache& answers;
        const tokenizer::Tokenizers& tokenizers;
        Proofs& proofs;
        Bound& memory;  ///< for what is made of request bodies
    };
    explicit Relay(const Parts& parts);
    ~Relay();

    /// A change of channels or of the configuration: both at once, so that they fit each other.
    void publish(std::shared_ptr<const TargetTable> targets, const UpstreamSettings& settings);

    /// A call that goes to a provider: a chat in any format, embeddings ... An Error is the reply,
    /// if none has begun.
    loop::Task<Result<void>> serve(server::Exchange& exchange, Record& record, Inbound inbound);
    /// What the caller's key can ask for, as a list or one of it, in his SDK's own form.
    loop::Task<Result<void>> models(server::Exchange& exchange, Record& record,
                                    llm::ErrorShape shape);
    loop::Task<Result<void>> model(server::Exchange& exchange, Record& record,
                                   llm::ErrorShape shape, std::string name);
    /// Anthropic's `count_tokens` and Gemini's `countTokens`, as `inbound.wire` says: our own
    /// estimate, because most channels cannot count.
    loop::Task<Result<void>> count_tokens(server::Exchange& exchange, Record& record,
                                          Inbound inbound);

    /// `GET /v1/realtime`: a WebSocket both ways, the road of realtime.cpp.
    loop::Task<Result<void>> serve_realtime(server::Exchange& exchange, Record& record);
    /// Files and batches, which providers keep: the road of object_road.cpp.
    loop::Task<Result<void>> serve_object(server::Exchange& exchange, Record& record,
                                          const Memory& memory);

    /// Event streams that are open on this loop. Any thread.
    std::int64_t open_streams() const noexcept {
        return open_streams_.load(std::memory_order_relaxed);
    }

private:
    struct Chat;
    struct Opening;
    struct Reply;
    struct ReplyHead;
    struct Refused;
    struct Question;
    struct Given;
    struct ObjectErrand;
    struct Aim {
        const Target* target;
        std::size_t key;
        SteadyTime now;
    };
    Result<channels::Candidates> find_channels(const server::Exchange& exchange,
                                               const gate::TokenEntry& caller,
                                               const Inbound& inbound, Opening& opening);
    Result<channels::Candidates> route(const gate::TokenEntry& caller, Opening& opening,
                                       channels::Wish& wish);
    loop::Task<Result<void>> fall_back(Chat& chat, Result<void> last);
    loop::Task<void> read_refusal(Chat& chat);
    SteadyTime deadline_of(const Chat& chat) const;

    Result<gate::Caller> identify(const server::Exchange& exchange, Record& record) const;
    loop::Task<Result<std::unique_ptr<Chat>>> let_in(server::Exchange& exchange, Record& record,
                                                     const Inbound& inbound);
    Result<void> admit(Chat& chat);
    Result<std::vector<std::string>> models_of(server::Exchange& exchange, Record& record);
    loop::Task<Result<void>> parse(const server::Exchange& exchange, const Inbound& inbound,
                                   Opening& opening);
    loop::Task<Result<void>> parse_slowly(const server::Exchange& exchange, const Inbound& inbound,
                                          Opening& opening);
    loop::Task<Result<llm::ChatCall>> parse_large(std::string_view body, const Inbound& inbound,
                                                  std::string_view content_type, bool mapped,
                                                  LargeBody& large);
    loop::Task<Result<void>> open(Chat& chat);
    loop::Task<Result<void>> open_or_fall_back(Chat& chat);
    loop::Task<Result<void>> run(Chat& chat);
    loop::Task<Result<void>> end_without_reply(Chat& chat, const Error& last);
    static void start_early(void* chat);
    loop::Task<void> count_input(Chat& chat);
    const server::Pulse* pulse_of(const Chat& chat) const noexcept;
    loop::Task<Result<void>> open_first(Chat& chat);
    loop::Task<void> pause(Chat& chat, std::chrono::milliseconds length);
    loop::Task<Result<void>> write_large(Chat& chat, const Target& target,
                                         const channels::Entry& entry);
    loop::Task<Result<void>> try_channel(Chat& chat, const Try& attempt);
    SteadyTime time_of_attempt(int made) const;
    Result<Aim> begin_attempt(Chat& chat, const Try& attempt, const TargetTable& targets);
    Result<void> take_head(Chat& chat, const channels::Entry& entry);
    channels::Cause cause_of_status(Chat& chat, const channels::Entry& entry, std::size_t key);
    loop::Task<Result<void>> authorize(Chat& chat, const channels::Entry& entry, std::size_t key,
                                       const std::string& proxy);
    channels::Cause token_refused(Chat& chat, const channels::Entry& entry, std::size_t key);
    loop::Task<Result<void>> convert(Chat& chat, const channels::Option& option);
    loop::Task<Result<void>> write_converted(Chat& chat, const channels::Option& option);
    loop::Task<Result<void>> fetch_media(Chat& chat);
    loop::Task<Result<void>> read_first(Chat& chat);
    loop::Task<Result<void>> wait_for_first(Chat& chat);
    static std::optional<Result<void>> judge_first(Chat& chat);
    loop::Task<Error> refused(Chat& chat, const channels::Entry& entry);
    loop::Task<Result<void>> pass_on_refusal(Chat& chat);
    loop::Task<Result<void>> pump_plain(Chat& chat);
    loop::Task<Result<void>> answer_whole(Chat& chat);
    loop::Task<Result<void>> pump_stream(Chat& chat);
    loop::Task<Result<void>> read_more(Chat& chat);
    loop::Task<Result<void>> wait_for_more(Chat& chat);
    std::optional<Result<void>> try_read(Chat& chat);
    loop::Task<Result<bool>> forward(Chat& chat);
    loop::Task<void> hear_out(Chat& chat);
    loop::Task<void> read_tail(Chat& chat);
    static std::int64_t produced_bytes_max(const Chat& chat) noexcept;
    Result<bool> pay_on(Chat& chat);
    loop::Task<Result<void>> end_stream(Chat& chat, Result<void> ended);
    void prepare_to_go_on(Chat& chat) const;
    loop::Task<bool> go_on(Chat& chat, Result<void> ended);
    loop::Task<Result<void>> settle(Chat& chat);
    loop::Task<Result<void>> charge_winner(Chat& chat);
    loop::Task<Result<void>> charge(Chat& chat);

    // hedged.cpp: calls that may take two roads at a time.
    const Hedge* hedge_of(std::string_view model) const noexcept;
    loop::Task<Result<void>> serve_hedged(server::Exchange& exchange, Record& record,
                                          Inbound inbound, std::string_view body);
    loop::Task<Result<void>> run_second(std::shared_ptr<Race> race);
    loop::Task<bool> settles(Chat& chat);
    static void claim(Chat& chat);

    // cached.cpp: calls that may be answered from the cache.
    loop::Task<Result<void>> serve_cached(server::Exchange& exchange, Record& record,
                                          Inbound inbound, gate::Caller caller, llm::ChatCall call,
                                          std::string_view body);
    loop::Task<Given> search(Question& question);
    loop::Task<Given> look_up(Question& question);
    loop::Task<Given> look_closer(Question& question);
    loop::Task<cache::Meaning> ask_meaning(Question& question, std::string body);
    loop::Task<Given> fly_along(Question& question);
    loop::Task<Given> fit(Question& question, cache::AnswerPtr answer, cache::Lookup how);
    loop::Task<Result<void>> ask_channels(Question& question);
    void keep(Question& question, std::optional<cache::Answer> kept);
    loop::Task<Result<void>> charge_again(Question& question, const cache::Answer& answer);
    loop::Task<Result<void>> give(Question& question, const Given& given);

    struct TaskErrand;
    loop::Task<Result<void>> run_task(Chat& chat, const Target& target,
                                      const channels::Option& option, std::size_t key);
    loop::Task<Result<std::string>> write_task(Chat& chat, const TaskErrand& errand,
                                               std::string_view model);
    loop::Task<Result<void>> begin_task(Chat& chat, TaskErrand& errand);
    loop::Task<Result<void>> await_task(Chat& chat, TaskErrand& errand);
    loop::Task<Result<void>> poll_task(TaskErrand& errand);
    loop::Task<bool> cancel_task(TaskErrand& errand);
    loop::Task<Result<void>> answer_task(Chat& chat);

    loop::Task<Result<void>> converse(Chat& chat);
    loop::Task<Result<void>> hear_client(Chat& chat);
    loop::Task<Result<void>> tell_client(Chat& chat);
    static Result<void> note_client(Talk& talk, std::string_view bytes);
    static Result<void> note_provider(Talk& talk, std::span<const std::string_view> payload);
    static std::string farewell_frames(const Chat& chat, const Result<void>& told);
    loop::Task<Result<void>> settle_response(Chat& chat, llm::Usage usage, bool estimated);
    void set_aside_for_response(Chat& chat);
    storage::Call row_of_response(Chat& chat, const llm::Usage& usage,
                                  llm::UsageSource source) const;
    loop::Task<Result<void>> charge_response(Chat& chat, storage::Call row);
    loop::Task<Result<void>> end_talk(Chat& chat, Result<void> ended);
    void ask_of_realtime(billing::Ask& ask) const;
    void bound(const Inbound& inbound, const Opening& opening, billing::Ask& ask) const;
    billing::Ask ask_of(const gate::TokenEntry& caller, const Inbound& inbound, Opening& opening,
                        const channels::Plan& plan) const;
    Result<void> set_aside(Chat& chat) const;
    Result<void> cover_searches(const Inbound& inbound, const Opening& opening, billing::Ask& ask,
                                billing::Hold& hold) const;
    bool may_pay(Chat& chat, const channels::Plan& plan) const;

    loop::Task<Result<void>> list_objects(server::Exchange& exchange, const ObjectErrand& errand,
                                          const Memory& memory);
    loop::Task<Result<void>> place_object(ObjectErrand& errand, const Memory& memory);
    Result<void> choose_keeper(ObjectErrand& errand);
    Result<std::string> head_of_object(const server::Exchange& exchange, const ObjectErrand& errand,
                                       const Target& target) const;
    loop::Task<Result<void>> run_object(server::Exchange& exchange, Record& record,
                                        ObjectErrand& errand, const Memory& memory);
    static billing::Ask ask_for(const storage::CallFacts& call, const llm::Usage& at_most);
    static loop::Task<Result<void>> refuse_object(server::Exchange& exchange, upstream::Call& reply,
                                                  int status, std::string_view channel);
    static loop::Task<Result<void>> pass_content(server::Exchange& exchange, upstream::Call& reply,
                                                 int status);
    loop::Task<Result<void>> note_object(server::Exchange& exchange, Record& record,
                                         ObjectErrand& errand, std::string_view text,
                                         const Memory& memory, billing::Hold hold);

    Parts parts_;
    Random random_;
    std::shared_ptr<const TargetTable> targets_;
    std::unique_ptr<AccessTokens> tokens_;  ///< of channels whose key is exchanged for one
    UpstreamSettings settings_;
    server::Pulse pulse_;            ///< of OpenAI's formats
    server::Pulse anthropic_pulse_;  ///< of Anthropic's
    std::atomic<std::int64_t> open_streams_{0};
};

}  // namespace obliv::relay
