#include "daemon/relay/conversation.hpp"

#include "core/base/log.hpp"
#include "core/config/limits.hpp"
#include "core/llm/chat_call.hpp"
#include "core/loop/run_blocking.hpp"
#include "daemon/relay/credential.hpp"
#include "daemon/relay/large_body.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::string_view stored_path = "/v1/responses/";
constexpr std::string_view items_suffix = "/input_items";
// As long as OpenAI keeps them.
constexpr auto kept_for = std::chrono::hours(24 * 30);
// Every stored response takes a few old ones along.
constexpr int sweep_count = 20;
constexpr int turns_max = 1000;
constexpr std::size_t response_bytes_max = 16U << 20;
constexpr std::size_t history_bytes_max = 64U << 20;

Result<std::vector<wire::PastTurn>> past_of(storage::Database& database, AccountId account,
                                            const std::string& id, WallTime oldest) {
    auto chain = database.read([&](storage::Session& session) {
        return session.responses().chain(account, id, turns_max);
    });
    if (!chain || chain->back().created < oldest) {
        if (!chain && chain.error().code != Code::not_found)
            return chain.error();
        auto error = fail(Code::not_found, "previous response '" + id +
                                               "' is not kept here: it was not stored, is older "
                                               "than 30 days or was deleted");
        error.param = "previous_response_id";
        return error;
    }
    std::vector<wire::PastTurn> past;
    std::size_t bytes = 0;
    for (auto& row : *chain) {
        bytes += row.input.size() + row.response.size();
        past.push_back({std::move(row.input), std::move(row.response)});
    }
    if (bytes > history_bytes_max)
        return fail(Code::payload_too_large, "the conversation before response '" + id +
                                                 "' has become too large to go on from");
    return past;
}

}  // namespace

Conversation::Conversation(server::Exchange& base, const Record& record, const Memory& memory)
    : PassingExchange(base), record_(record), memory_(memory), capture_(response_bytes_max) {}

loop::Task<Result<std::string_view>> Conversation::read_body() {
    auto body = co_await base().read_body();
    if (!body)
        co_return body.error();
    if (body->size() > body_bytes_inline_max)
        if (auto taken = take_memory(share_, memory_.bodies, body->size()); !taken)
            co_return taken.error();
    auto recalled = co_await recall(*body);
    if (!recalled)
        co_return recalled.error();
    if (body_.empty())
        co_return *body;
    co_return std::string_view(body_).substr(0, body_.size() - llm::json_padding);
}

/// On a worker: the body is parsed, and the store may be asked.
loop::Task<Result<void>> Conversation::recall(std::string_view body) {
    auto oldest = memory_.clock.wall() - kept_for;
    auto account = record_.call.account;
    auto work = [this, body, oldest, account] { return take_apart(body, oldest, account); };
    auto done = co_await loop::run_blocking(memory_.workers, std::move(work));
    keeps_ = done && turn_.store;
    if (!keeps_)
        std::string().swap(turn_.input);
    // No more of it than leaves room for the call itself, which is read and written again.
    auto kept = static_cast<std::int64_t>(body_.size() + turn_.input.size());
    share_.resize(std::min(kept, memory_.bodies.most() / 4));
    co_return done;
}

Result<void> Conversation::take_apart(std::string_view body, WallTime oldest, AccountId account) {
    auto turn = wire::read_responses_turn(body);
    if (!turn)
        return turn.error();
    turn_ = std::move(*turn);
    if (turn_.previous.empty())
        return ok();
    auto past = past_of(memory_.database, account, turn_.previous, oldest);
    if (!past)
        return past.error();
    auto bytes = body.size();
    for (const auto& each : *past)
        bytes += each.input.size() + each.response.size();
    if (bytes > body_bytes_inline_max)
        if (auto taken = take_memory(share_, memory_.bodies, bytes); !taken)
            return taken;
    auto whole = wire::with_history(body, *past);
    if (!whole)
        return whole.error();
    body_ = std::move(*whole);
    body_.append(llm::json_padding, ' ');
    return ok();
}

void Conversation::let_go_of_body() {
    std::string().swap(body_);
    share_.resize(static_cast<std::int64_t>(turn_.input.size()));
}

void Conversation::release_request() {
    let_go_of_body();
    base().release_request();
}

void Conversation::release_body() {
    let_go_of_body();
    base().release_body();
}

void Conversation::start(int status, std::string_view content_type,
                         std::span<const http::Header> headers,
                         std::optional<std::uint64_t> length) {
    keeps_ = keeps_ && status == 200;
    base().start(status, content_type, headers, length);
}

void Conversation::hear(const server::Pieces& payload) {
    if (keeps_)
        for (auto piece : payload.view())
            capture_.feed(piece);
}

loop::Task<Result<void>> Conversation::write(server::Pieces payload) {
    hear(payload);
    return base().write(payload);
}

loop::Task<Result<void>> Conversation::write_framed(std::string_view chunks) {
    auto rest = chunks;
    while (keeps_ && !rest.empty()) {
        auto step = framing_.next(rest);
        if (!step || step->consumed == 0) {
            keeps_ = false;
            break;
        }
        capture_.feed(step->payload);
        rest.remove_prefix(step->consumed);
    }
    return base().write_framed(chunks);
}

loop::Task<Result<void>> Conversation::finish(server::Pieces payload) {
    hear(payload);
    co_await remember();
    co_return co_await base().finish(payload);
}

loop::Task<Result<void>> Conversation::reply(int status, std::string_view content_type,
                                             std::span<const http::Header> headers,
                                             std::string_view body) {
    keeps_ = keeps_ && status == 200;
    server::Pieces payload(body);
    hear(payload);
    co_await remember();
    co_return co_await base().reply(status, content_type, headers, body);
}

loop::Task<void> Conversation::remember() {
    auto caught = keeps_ ? capture_.finish() : std::nullopt;
    keeps_ = false;
    if (!caught)
        co_return;
    storage::StoredResponse row;
    row.id = std::move(caught->id);
    row.tenant = record_.call.tenant;
    row.account = record_.call.account;
    row.created = memory_.clock.wall();
    row.previous = std::move(turn_.previous);
    row.input = std::move(turn_.input);
    row.response = std::move(caught->json);
    auto& database = memory_.database;
    auto work = [&database, row = std::move(row)] {
        return database.write([&](storage::Session& session) -> Result<void> {
            auto swept = session.responses().sweep(row.created - kept_for, sweep_count);
            if (!swept)
                return swept.error();
            return session.responses().put(row);
        });
    };
    auto stored = co_await loop::run_blocking(memory_.workers, std::move(work));
    // The reply is whole and paid for: it is not taken back because nobody can go on from it.
    if (!stored)
        log::write(log::Level::warning, "a response could not be stored",
                   {{"request", base().request_id()}, {"why", stored.error().message}});
}

bool is_stored_response(std::string_view path) noexcept {
    return path.starts_with(stored_path) && path.size() > stored_path.size();
}

loop::Task<Result<void>> serve_stored_response(server::Exchange& exchange, const gate::Gate& gate,
                                               const Memory& memory) {
    std::string room;
    auto credential = credential_of(exchange.request(), room);
    auto caller = gate.authenticate(credential);
    if (!caller)
        co_return caller.error();
    auto account = (*caller)->token.account;
    auto id = std::string(exchange.path().substr(stored_path.size()));
    bool items = id.ends_with(items_suffix);
    if (items)
        id.resize(id.size() - items_suffix.size());
    bool removes = exchange.method() == "DELETE" && !items;
    if (!removes && exchange.method() != "GET")
        co_return fail(Code::method_not_allowed, "a stored response can be read and deleted");
    auto oldest = memory.clock.wall() - kept_for;
    auto& database = memory.database;
    auto work = [&database, account, id, items, removes, oldest]() -> Result<std::string> {
        if (removes) {
            auto gone = database.write(
                [&](storage::Session& session) { return session.responses().remove(account, id); });
            if (!gone)
                return gone.error();
            return "{\"id\":" + llm::json_quoted(id) + ",\"object\":\"response\",\"deleted\":true}";
        }
        auto row = database.read(
            [&](storage::Session& session) { return session.responses().get(account, id); });
        if (!row)
            return row.error();
        if (row->created < oldest)
            return fail(Code::not_found, "there is no response '" + id + "'");
        return items ? wire::input_items_list(id, row->input) : std::move(row->response);
    };
    auto body = co_await loop::run_blocking(memory.workers, std::move(work));
    if (!body)
        co_return body.error();
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, "application/json", none, *body);
}

}  // namespace obliv::relay
