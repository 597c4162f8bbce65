// The road of files and batches. They have no model: a new file goes to the channel of the caller's
// group that keeps files, and whatever is done with it later to the same channel, by the same key.

#include "core/base/text.hpp"
#include "core/http/uri.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "daemon/relay/conversation.hpp"
#include "daemon/relay/objects.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>
#include <array>

namespace obliv::relay {
namespace {

using Action = ObjectCall::Action;
using storage::ObjectKind;
using storage::StoredObject;

constexpr std::size_t json_bytes_max = 1U << 20;
constexpr std::size_t refusal_bytes_max = 64U << 10;
constexpr std::string_view json_type = "application/json";
constexpr std::string_view json_content = "content-type: application/json\r\n";

/// As tokens and prices name them: they have no model of their own.
std::string_view name_of(ObjectKind kind) {
    return kind == ObjectKind::file ? "files" : "batches";
}

providers::Operation operation_of(ObjectKind kind) {
    return kind == ObjectKind::file ? providers::Operation::files : providers::Operation::batches;
}

/// Ends the upstream call when the client leaves.
class Leaving {
public:
    Leaving(server::Exchange& exchange, upstream::Cancel& cancel) : exchange_(exchange) {
        exchange_.on_client_gone([&cancel] { cancel.cancel(); });
    }
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    ~Leaving() { exchange_.on_client_gone({}); }

private:
    server::Exchange& exchange_;
};

/// The files that a batch has written are the caller's from now on. On a worker.
Result<void> remember_results(storage::Session& session, const StoredObject& batch,
                              const std::vector<std::string>& results) {
    for (const auto& id : results) {
        auto file = batch;
        file.id = id;
        file.kind = ObjectKind::file;
        file.json = R"({"id":")" + id + R"(","object":"file","purpose":"batch_output"})";
        if (session.objects().get(batch.account, ObjectKind::file, id))
            continue;
        if (auto put = session.objects().put(file); !put)
            return put;
    }
    return ok();
}

/// What the store is asked to remember of an answer. On a worker. True: a batch has to be charged,
/// and its results stay unknown until it is.
Result<bool> remember(storage::Session& session, const ObjectCall& call, const StoredObject& row,
                      const ObjectFacts& facts, const storage::ChargeMark& mark) {
    auto& objects = session.objects();
    if (call.action == Action::remove) {
        auto gone = objects.remove(row.account, row.kind, row.id);
        return gone ? Result<bool>(false) : Result<bool>(gone.error());
    }
    if (auto put = objects.put(row); !put)
        return put.error();
    if (row.kind == ObjectKind::file)
        return false;
    if (!facts.ended)
        return false;
    auto stands = facts.usage ? objects.settle(row.account, row.id, mark)
                              : Result<storage::Settlement>(storage::Settlement::charged);
    if (!stands)
        return stands.error();
    if (*stands != storage::Settlement::charged)
        return *stands == storage::Settlement::due;
    auto put = remember_results(session, row, facts.results);
    return put ? Result<bool>(false) : Result<bool>(put.error());
}

storage::ObjectPage page_of(std::string_view query) {
    constexpr int limit_max = 1000;
    storage::ObjectPage page;
    page.after = http::query_value(query, "after").value_or("");
    page.newest_first = http::query_value(query, "order").value_or("desc") != "asc";
    auto limit = parse_int(http::query_value(query, "limit").value_or("")).value_or(page.limit);
    page.limit = static_cast<int>(std::clamp<std::int64_t>(limit, 1, limit_max));
    return page;
}

}  // namespace

struct Relay::ObjectErrand {
    ObjectCall call;
    gate::Caller caller;
    std::string_view body;
    std::string content_type;
    StoredObject row;                              ///< where it is; of a new one where it goes
    std::shared_ptr<const channels::Entry> entry;  ///< the channel of `row`
    upstream::Cancel cancel;
};

loop::Task<Result<void>> Relay::serve_object(server::Exchange& exchange, Record& record,
                                             const Memory& memory) {
    auto call = object_call(exchange.method(), exchange.path());
    if (!call || !call->action)
        co_return fail(Code::method_not_allowed,
                       "this path does not take " + std::string(exchange.method()) + " requests");
    auto caller = identify(exchange, record);
    if (!caller)
        co_return caller.error();
    record.call.model = name_of(call->kind);
    auto permit = parts_.gate.limit(*caller, record.call.model);
    if (!permit)
        co_return permit.error();
    ObjectErrand errand;
    errand.call = std::move(*call);
    errand.caller = std::move(*caller);
    errand.row.account = record.call.account;
    errand.row.tenant = record.call.tenant;
    errand.row.kind = errand.call.kind;
    errand.row.id = errand.call.id;
    if (errand.call.action == Action::list)
        co_return co_await list_objects(exchange, errand, memory);
    auto body = co_await exchange.read_body();
    if (!body)
        co_return body.error();
    errand.body = *body;
    errand.content_type = exchange.request().headers.find("content-type").value_or(json_type);
    auto placed = co_await place_object(errand, memory);
    if (!placed)
        co_return placed.error();
    record.channel = errand.entry->channel.name;
    record.call.channel = errand.row.channel;
    record.call.key_index = errand.row.key_index;
    Leaving leaving(exchange, errand.cancel);
    co_return co_await run_object(exchange, record, errand, memory);
}

loop::Task<Result<void>> Relay::list_objects(server::Exchange& exchange, const ObjectErrand& errand,
                                             const Memory& memory) {
    auto page = page_of(exchange.request().query);
    auto purpose = http::query_value(exchange.request().query, "purpose").value_or("");
    auto& database = memory.database;
    auto work = [&database, page, purpose, account = errand.row.account,
                 kind = errand.row.kind]() -> Result<std::string> {
        auto one_more = page;
        ++one_more.limit;
        auto rows = database.read([&](storage::Session& session) {
            return session.objects().list(account, kind, one_more);
        });
        if (!rows)
            return rows.error();
        bool more = rows->size() > static_cast<std::size_t>(page.limit);
        if (more)
            rows->pop_back();
        return object_list(*rows, purpose, more);
    };
    auto body = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!body)
        co_return body.error();
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, json_type, none, *body);
}

/// Finds out which channel has the object, or is to have it.
loop::Task<Result<void>> Relay::place_object(ObjectErrand& errand, const Memory& memory) {
    bool creates = errand.call.action == Action::create;
    if (creates && errand.call.kind == ObjectKind::file)
        co_return choose_keeper(errand);
    auto kind = errand.call.kind;
    auto id = errand.call.id;
    if (creates) {
        // It names a file and little else; reading it takes the loop's time.
        if (errand.body.size() > json_bytes_max)
            co_return fail(Code::payload_too_large, "the description of a batch has at most " +
                                                        std::to_string(json_bytes_max) + " bytes");
        auto input = input_file_of(errand.body);
        if (!input)
            co_return input.error();
        kind = ObjectKind::file;
        id = std::move(*input);
    }
    auto& database = memory.database;
    auto work = [&database, kind, id, account = errand.row.account] {
        return database.read(
            [&](storage::Session& session) { return session.objects().get(account, kind, id); });
    };
    auto found = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!found)
        co_return found.error();
    errand.row.channel = found->channel;
    errand.row.key_index = found->key_index;
    errand.row.created = found->created;
    for (const auto& entry : parts_.channels.table().entries())
        if (entry->channel.id == found->channel)
            errand.entry = entry;
    if (!errand.entry || !errand.entry->channel.enabled || errand.entry->provider == nullptr)
        co_return fail(Code::no_channel, "the channel that keeps '" + id + "' is not in use");
    co_return ok();
}

/// Of the channels of the caller's group that keep files the one of the highest priority, always
/// the same as long as it is up: a batch finds its file only where that was put.
Result<void> Relay::choose_keeper(ObjectErrand& errand) {
    auto now = parts_.loop.now();
    for (const auto& entry : parts_.channels.table().entries()) {
        bool keeps =
            entry->provider != nullptr &&
            providers::find_offer(*entry->provider, providers::Operation::files) != nullptr &&
            entry->serves_group(errand.caller->token.group) && entry->up(now);
        if (keeps && (!errand.entry || entry->channel.priority > errand.entry->channel.priority))
            errand.entry = entry;
    }
    if (!errand.entry)
        return fail(Code::no_channel, "no channel of this group keeps files");
    auto key = errand.entry->keys->choose(random_, now);
    if (!key)
        return fail(Code::no_channel,
                    "channel '" + errand.entry->channel.name + "': all of its keys are resting");
    errand.row.channel = errand.entry->channel.id;
    errand.row.key_index = static_cast<int>(*key);
    errand.row.created = parts_.clock.wall();
    return ok();
}

/// The request as it goes upstream, but for its body.
Result<std::string> Relay::head_of_object(const server::Exchange& exchange,
                                          const ObjectErrand& errand, const Target& target) const {
    const auto* offer =
        providers::find_offer(*errand.entry->provider, operation_of(errand.call.kind));
    auto key = static_cast<std::size_t>(errand.row.key_index);
    if (offer == nullptr || !target.problem.empty() || key >= target.heads.size())
        return fail(Code::no_channel, "channel '" + errand.entry->channel.name +
                                          "' cannot be asked: " + target.problem);
    std::string head(exchange.method());
    // Azure's older form has its version behind the path.
    auto query = std::min(offer->path.find('?'), offer->path.size());
    head.append(" ").append(target.prefix).append(offer->path.substr(0, query));
    if (!errand.call.id.empty())
        head.append("/").append(errand.call.id);
    if (errand.call.action == Action::content)
        head.append("/content");
    if (errand.call.action == Action::cancel)
        head.append("/cancel");
    head.append(offer->path.substr(query));
    std::string_view own = target.heads[key];
    if (own.ends_with(json_content))
        own.remove_suffix(json_content.size());
    head.append(" HTTP/1.1\r\n").append(own);
    if (!errand.body.empty())
        head.append("content-type: ").append(errand.content_type).append("\r\n");
    head.append("content-length: ").append(std::to_string(errand.body.size())).append("\r\n\r\n");
    return head;
}

loop::Task<Result<void>> Relay::run_object(server::Exchange& exchange, Record& record,
                                           ObjectErrand& errand, const Memory& memory) {
    auto targets = targets_;  // a change of channels must not take the time-outs away meanwhile
    const auto* target = targets->find(errand.row.channel);
    if (target == nullptr)
        co_return fail(Code::no_channel, "the channel is being changed");
    auto head = head_of_object(exchange, errand, *target);
    if (!head)
        co_return head.error();
    // What a batch will cost cannot be known now: who pays by price is let in if there is one.
    billing::Hold hold;
    bool new_batch = errand.call.kind == ObjectKind::batch && errand.call.action == Action::create;
    if (new_batch) {
        auto held = parts_.billing.reserve(ask_for(record.call, {}));
        if (!held)
            co_return held.error();
        hold = std::move(*held);
    }
    std::array<std::string_view, 2> pieces{*head, errand.body};
    auto method = std::string(exchange.method());
    auto mapped = exchange.mapped_body();
    auto reply = co_await parts_.pool.open(target->endpoint, method, pieces, target->timeouts,
                                           &errand.cancel, mapped);
    if (!reply)
        co_return std::move(reply.error()).in("channel '" + record.channel + "'");
    auto status = target->taken_for(reply->status());
    record.call.status = status;
    if (verdict_on(status) != Verdict::accepted)
        co_return co_await refuse_object(exchange, *reply, status, record.channel);
    if (errand.call.action == Action::content)
        co_return co_await pass_content(exchange, *reply, status);
    auto text = co_await reply->read_all(json_bytes_max);
    if (!text)
        co_return text.error();
    auto stored = co_await note_object(exchange, record, errand, *text, memory, std::move(hold));
    if (!stored)
        co_return stored.error();
    std::span<const http::Header> none;
    co_return co_await exchange.reply(status, json_type, none, *text);
}

billing::Ask Relay::ask_for(const storage::CallFacts& call, const llm::Usage& at_most) {
    billing::Ask ask;
    ask.token = call.token;
    ask.account = call.account;
    ask.model = call.model;
    ask.at_most = at_most;
    return ask;
}

loop::Task<Result<void>> Relay::refuse_object(server::Exchange& exchange, upstream::Call& reply,
                                              int status, std::string_view channel) {
    auto body = co_await reply.read_all(refusal_bytes_max);
    std::string_view words = body ? *body : std::string_view{};
    if (verdict_on(status) != Verdict::callers)
        co_return refusal(channel, status, words, std::nullopt);
    auto text = callers_error_body(words, llm::ErrorShape::openai, status, exchange.request_id());
    std::span<const http::Header> none;
    co_return co_await exchange.reply(status, json_type, none, text);
}

loop::Task<Result<void>> Relay::pass_content(server::Exchange& exchange, upstream::Call& reply,
                                             int status) {
    auto type =
        std::string(reply.head().headers.find("content-type").value_or("application/octet-stream"));
    std::span<const http::Header> none;
    exchange.start(status, type, none, reply.head().content_length);
    if (!exchange.wants_body())
        co_return co_await exchange.finish();
    while (true) {
        auto read = co_await reply.next();
        if (!read)
            co_return read.error();
        server::Pieces payload(reply.chunk().payload);
        if (reply.chunk().last)
            co_return co_await exchange.finish(payload);
        auto sent = co_await exchange.write(payload);
        if (!sent)
            co_return sent.error();
    }
}

/// Keeps what the provider says, and charges a batch that has ended, once: whoever sees its result
/// has been charged.
loop::Task<Result<void>> Relay::note_object(server::Exchange& exchange, Record& record,
                                            ObjectErrand& errand, std::string_view text,
                                            const Memory& memory, billing::Hold hold) {
    auto facts = read_object(text);
    if (!facts)
        co_return facts.error();
    errand.row.id = facts->id;
    errand.row.json = std::string(text);
    auto& database = memory.database;
    storage::ChargeMark mark{parts_.billing.next_id(), record.call.time};
    auto work = [&database, call = errand.call, row = errand.row, said = *facts, mark] {
        return database.write(
            [&](storage::Session& session) { return remember(session, call, row, said, mark); });
    };
    auto due = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!due)
        co_return due.error();
    if (!*due && !hold.open())
        co_return ok();
    auto& call = record.call;
    if (*due) {
        call.model = facts->model.empty() ? call.model : facts->model;
        call.usage = *facts->usage;
        auto ask = ask_for(call, {});
        ask.channels = std::span(&errand.row.channel, 1);
        auto held = parts_.billing.reserve(ask);
        if (!held) {
            // Who asks again is to be charged then.
            auto unmark = [&database, row = errand.row] {
                return database.write([&](storage::Session& session) {
                    return session.objects().unsettle(row.account, row.id);
                });
            };
            auto unmarked = co_await loop::run_blocking(parts_.workers, std::move(unmark));
            co_return unmarked ? held.error() : unmarked.error();
        }
        hold = std::move(*held);
    }
    call.source = llm::UsageSource::batch;
    call.model_served = call.model;
    call.attempts = 1;
    auto row = row_of(record, exchange);
    // Whatever the disk says: it is charged.
    auto charged = co_await parts_.billing.settle(std::move(hold), std::move(row));
    if (charged)
        call.cost = *charged;
    if (*due) {
        auto list = [&database, row = errand.row, results = facts->results] {
            return database.write([&](storage::Session& session) {
                auto done = session.objects().confirm(row.account, row.id);
                return done ? remember_results(session, row, results) : done;
            });
        };
        auto listed = co_await loop::run_blocking(parts_.workers, std::move(list));
        if (!listed)
            co_return listed.error();
    }
    co_return charged ? ok() : Result<void>(charged.error());
}

}  // namespace obliv::relay
