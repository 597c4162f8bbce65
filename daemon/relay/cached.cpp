#include "core/base/log.hpp"
#include "core/loop/event.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "daemon/relay/keeping_exchange.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/relay/replay.hpp"
#include "daemon/relay/side_exchange.hpp"
#include "daemon/relay/stand_in.hpp"

namespace obliv::relay {
namespace {

using cache::AnswerPtr;
using cache::CacheUse;
using cache::Lookup;

constexpr int status_ok = 200;
// A pass over this much takes a fraction of a millisecond.
constexpr std::size_t bytes_inline_max = 64U << 10;
// Longer questions are not worth their comparison.
constexpr std::size_t question_bytes_max = 8U << 20;

/// Holds the flight of a key while its call is under way; without an answer nobody else gets one.
class Lead {
public:
    Lead() = default;
    Lead(cache::AnswerCache& answers, const Sha256& key, std::shared_ptr<cache::Flight> flight)
        : answers_(&answers), key_(key), flight_(std::move(flight)) {}
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() {
        if (flight_)
            answers_->land(key_, flight_, std::move(answer_));
    }
    void bring(AnswerPtr answer) { answer_ = std::move(answer); }

private:
    cache::AnswerCache* answers_ = nullptr;
    Sha256 key_{};
    std::shared_ptr<cache::Flight> flight_;
    AnswerPtr answer_;
};

/// What the caller says of the cache: `cache-control: no-cache` asks anew, `no-store` besides
/// leaves no trace.
bool says(const server::Exchange& exchange, std::string_view word) {
    auto control = exchange.request().headers.find("cache-control");
    return control && http::list_has(*control, word);
}

}  // namespace

bool is_outage(Code code) noexcept {
    return code == Code::no_channel || code == Code::upstream_failed ||
           code == Code::upstream_timeout || code == Code::upstream_credentials;
}

void describe_again(storage::CallFacts& row, const cache::Answer& answer) {
    row.status = status_ok;
    row.error.clear();
    row.finish_reason = answer.finish_reason;
    row.model_served = answer.model_served;
    row.usage = answer.usage;
    row.source = llm::UsageSource::cache;
}

void StandIn::step_in(storage::CallFacts& row, const Error& error) {
    if (answer == nullptr || !is_outage(error.code))
        return;
    describe_again(row, *answer);
    used = true;
}

/// A call that may be answered from the cache, between the steps of serve_cached().
struct Relay::Question {
    server::Exchange& exchange;
    Record& record;
    Inbound inbound;
    gate::Caller caller;
    llm::ChatCall call;
    std::string_view body;  ///< gone once the channels were asked
    CacheUse use = CacheUse::off;
    bool keeps = false;  ///< the answer is for others too
    HeaderList headers{};
    std::string prefix{};
    Sha256 key{};
    Sha256 bucket{};
    cache::Meaning meaning{};
    StandIn stand_in{};
    std::optional<Lead> lead{};
};

/// The answer that was found, in the form that the caller wants; null: there is none.
struct Relay::Given {
    AnswerPtr answer;
    Replay replay{};
    Lookup how = Lookup::miss;
};

loop::Task<Result<void>> Relay::serve_cached(server::Exchange& exchange, Record& record,
                                             Inbound inbound, gate::Caller caller,
                                             llm::ChatCall call, std::string_view body) {
    Question question{exchange,          record,          std::move(inbound),
                      std::move(caller), std::move(call), body};
    question.use = settings_.cache.use_of(question.caller->token, question.call.model);
    bool short_enough = body.size() <= question_bytes_max && !says(exchange, "no-store");
    auto look = [&question] { question.keeps = may_be_cached(question.inbound, question.body); };
    if (short_enough && body.size() <= bytes_inline_max)
        look();
    else if (short_enough)
        co_await loop::run_blocking(parts_.workers, std::move(look));
    if (!question.keeps)
        co_return co_await ask_channels(question);
    auto given = co_await search(question);
    if (!given.answer)
        co_return co_await ask_channels(question);
    auto paid = co_await charge_again(question, *given.answer);
    if (!paid)
        co_return paid.error();
    co_return co_await give(question, given);
}

/// Everywhere an answer may be had without asking a provider, the cheapest place first.
loop::Task<Relay::Given> Relay::search(Question& question) {
    auto given = co_await look_up(question);
    if (!given.answer && question.use == CacheUse::semantic)
        given = co_await look_closer(question);
    if (!given.answer && settings_.cache.single_flight && !question.call.stream)
        given = co_await fly_along(question);
    co_return given;
}

/// The answer to the same question.
loop::Task<Relay::Given> Relay::look_up(Question& question) {
    question.headers = forwarded_headers(question.inbound, question.exchange.request());
    question.prefix = key_prefix(settings_.cache.scope, question.caller->token, question.inbound,
                                 question.headers);
    auto work = [&question] { question.key = key_of(question.prefix, question.body); };
    if (question.body.size() <= bytes_inline_max)
        work();
    else
        co_await loop::run_blocking(parts_.workers, std::move(work));
    auto found = parts_.answers.find(question.key, parts_.loop.now());
    question.stand_in.answer = found.answer;
    if (!found.fresh || says(question.exchange, "no-cache"))
        co_return Given{};
    co_return co_await fit(question, std::move(found.answer), Lookup::hit);
}

/// The answer to a question that means the same.
loop::Task<Relay::Given> Relay::look_closer(Question& question) {
    if (settings_.cache.embedding_model.empty())
        co_return Given{};
    auto work = [&question] {
        return last_words(question.prefix, question.inbound, question.body, question.headers);
    };
    auto said = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!said || !*said)
        co_return Given{};
    question.bucket = (*said)->rest;
    auto asked = meaning_request(settings_.cache.embedding_model, (*said)->text);
    question.meaning = co_await ask_meaning(question, std::move(asked));
    if (question.meaning.empty() || says(question.exchange, "no-cache"))
        co_return Given{};
    auto close = parts_.answers.find_close(question.bucket, question.meaning,
                                           settings_.cache.similarity, parts_.loop.now());
    co_return co_await fit(question, std::move(close), Lookup::semantic);
}

/// Asks the embedding model, as the caller. Without an answer the call goes on without it.
loop::Task<cache::Meaning> Relay::ask_meaning(Question& question, std::string body) {
    SideExchange side(question.exchange, "meaning", std::move(body));
    Record record;
    Inbound inbound;
    inbound.operation = providers::Operation::embeddings;
    auto asked = co_await serve(side, record, std::move(inbound));
    if (asked && side.status() == status_ok)
        co_return meaning_in(side.said());
    log::write_limited(
        log::Level::warning, "question_without_meaning",
        "the embedding model of the cache does not answer",
        {{"model", settings_.cache.embedding_model},
         {"why", asked ? std::string_view("a refusal") : std::string_view(asked.error().message)}});
    co_return cache::Meaning{};
}

/// The answer to an equal call that is under way; without one this call leads the next.
loop::Task<Relay::Given> Relay::fly_along(Question& question) {
    auto place = parts_.answers.board(question.key);
    if (place.leads) {
        question.lead.emplace(parts_.answers, question.key, std::move(place.flight));
        // The last flight may have landed since the look-up.
        auto found = parts_.answers.find(question.key, parts_.loop.now());
        if (!found.fresh || says(question.exchange, "no-cache"))
            co_return Given{};
        question.lead->bring(found.answer);
        co_return co_await fit(question, std::move(found.answer), Lookup::hit);
    }
    auto landed = std::make_shared<loop::Event>(parts_.loop);
    auto wake = [&loop = parts_.loop, weak = std::weak_ptr(landed)] {
        loop.post([weak] {
            if (auto event = weak.lock())
                event->notify();
        });
    };
    if (place.flight->when_landed(std::move(wake))) {
        question.exchange.on_client_gone([landed] { landed->notify(); });
        auto until = parts_.loop.now() + settings_.timeouts.total;
        co_await landed->until(until);
        question.exchange.on_client_gone({});
    }
    auto answer = place.flight->answer();
    co_return co_await fit(question, std::move(answer), Lookup::shared);
}

loop::Task<Relay::Given> Relay::fit(Question& question, AnswerPtr answer, Lookup how) {
    Given given;
    if (!answer)
        co_return given;
    auto work = [&question, answer] {
        return replay_of(*answer, question.inbound, question.call, question.body,
                         question.exchange.request_id());
    };
    std::optional<Replay> replay;
    if (answer->body.size() + question.body.size() <= bytes_inline_max) {
        replay = work();
    } else {
        auto made = co_await loop::run_blocking(parts_.workers, std::move(work));
        if (made)
            replay = std::move(*made);
    }
    if (!replay)
        co_return given;
    given.answer = std::move(answer);
    given.replay = std::move(*replay);
    given.how = how;
    co_return given;
}

/// The call goes its usual way, and what comes of it is kept. A stale answer is made fit before,
/// because the request is gone afterwards.
loop::Task<Result<void>> Relay::ask_channels(Question& question) {
    auto old = std::exchange(question.stand_in.answer, nullptr);
    if (settings_.cache.limits.stale.count() == 0)
        old.reset();
    auto stale = co_await fit(question, std::move(old), Lookup::stale);
    question.stand_in.answer = stale.answer;
    KeepingExchange keeping(question.exchange, question.body,
                            question.keeps ? settings_.cache.answer_bytes_max : 0);
    keeping.on_whole([this, &question, &keeping] { keep(question, keeping.take()); });
    parts_.answers.count(Lookup::miss);
    auto inbound = question.inbound;
    inbound.stand_in = &question.stand_in;
    auto served = co_await serve(keeping, question.record, std::move(inbound));
    if (served)
        co_return served;
    if (!question.stand_in.answer || keeping.replied() || !is_outage(served.error().code))
        co_return served;
    if (!question.stand_in.used) {
        auto paid = co_await charge_again(question, *stale.answer);
        if (!paid)
            co_return paid.error();
    }
    co_return co_await give(question, stale);
}

/// Keeps an answer that came to a good end. Runs when its call has been settled.
void Relay::keep(Question& question, std::optional<cache::Answer> kept) {
    const auto& row = question.record.call;
    if (!kept || !row.error.empty() || row.source == llm::UsageSource::none)
        return;
    auto& answer = *kept;
    answer.stream = question.call.stream;
    answer.json_array = question.call.stream && question.inbound.json_array;
    answer.usage_told = tells_usage(question.inbound, question.call);
    answer.model_served = row.model_served;
    answer.channel = row.channel;
    answer.finish_reason = row.finish_reason;
    answer.usage = row.usage;
    answer.made = parts_.loop.now();
    auto shared = std::make_shared<const cache::Answer>(std::move(answer));
    parts_.answers.put(question.key, shared, question.bucket, std::move(question.meaning));
    if (question.lead)
        question.lead->bring(std::move(shared));
}

/// The row and the bill of a call that asks no provider.
loop::Task<Result<void>> Relay::charge_again(Question& question, const cache::Answer& answer) {
    auto permit = parts_.gate.limit(question.caller, question.call.model);
    if (!permit)
        co_return permit.error();
    std::vector<std::string> served{answer.model_served};
    billing::Ask ask;
    ask.token = question.caller->token.id;
    ask.account = question.caller->token.account;
    ask.model = question.call.model;
    ask.served = served;
    ask.channels = std::span(&answer.channel, 1);
    ask.at_most = answer.usage;
    ask.at_most.input = answer.usage.input_all();
    ask.at_most.output = answer.usage.output_all();
    ask.share_millionths = settings_.cache.share_millionths;
    auto hold = parts_.billing.reserve(ask);
    if (!hold)
        co_return hold.error();
    auto& call = question.record.call;
    describe_again(call, answer);
    auto took = parts_.clock.steady() - question.exchange.arrived();
    call.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    call.ttft_us = call.duration_us;
    auto row = row_of(question.record, question.exchange);
    auto paid = std::move(*hold);
    auto charged = co_await parts_.billing.settle(std::move(paid), std::move(row),
                                                  settings_.cache.share_millionths);
    if (!charged)
        co_return charged.error();
    call.cost = *charged;
    co_return ok();
}

loop::Task<Result<void>> Relay::give(Question& question, const Given& given) {
    parts_.answers.count(given.how);
    auto age =
        std::chrono::duration_cast<std::chrono::seconds>(parts_.loop.now() - given.answer->made);
    auto seconds = std::to_string(age.count());
    std::vector<http::Header> headers{{cache_header, name_of(given.how)}, {"age", seconds}};
    if (question.inbound.errors() == llm::ErrorShape::anthropic)
        headers.push_back({"request-id", question.exchange.request_id()});
    if (question.call.stream) {
        headers.push_back({"cache-control", "no-cache"});
        headers.push_back({"x-accel-buffering", "no"});
    }
    std::string_view body = given.replay.body.empty() ? given.answer->body : given.replay.body;
    std::span<const http::Header> list(headers);
    co_return co_await question.exchange.reply(status_ok, given.replay.content_type, list, body);
}

}  // namespace obliv::relay
