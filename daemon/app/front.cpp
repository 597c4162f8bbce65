#include "daemon/app/front.hpp"

#include "core/base/log.hpp"
#include "core/http/head.hpp"
#include "core/http/uri.hpp"
#include "core/llm/wire_error.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/cohere.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/gemini.hpp"
#include "core/wire/openai.hpp"
#include "core/wire/responses.hpp"
#include "daemon/admin/dispatch.hpp"
#include "daemon/app/capture.hpp"
#include "daemon/relay/conversation.hpp"
#include "daemon/relay/credential.hpp"
#include "daemon/relay/objects.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace obliv::daemon {
namespace {

using providers::Operation;
using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::string_view management_route = "/api/v1";
constexpr std::string_view no_route = "none";

bool is_management(std::string_view path) {
    return admin::owns(path);
}

bool from_loopback(const server::Peer& peer) {
    return peer.is_unix || peer.address.starts_with("127.") || peer.address == "::1";
}

loop::Task<Result<void>> answer(server::Exchange& exchange, int status, std::string_view type,
                                std::string_view body) {
    std::span<const http::Header> none;
    co_return co_await exchange.reply(status, type, none, body);
}

loop::Task<Result<void>> refuse(Error error) {
    co_return error;
}

/// Whole seconds, rounded up: a client that waits that long waits long enough.
std::string seconds_up(std::chrono::milliseconds span) {
    return std::to_string((span.count() + 999) / 1000);
}

/// What can be asked of a model in Gemini's format.
struct GeminiMethod {
    std::string_view name;
    std::string_view route;  ///< for metrics and logs
    Operation operation = Operation::chat;
    const wire::PlainForm* form = nullptr;
    bool stream = false;
};
constexpr std::array gemini_methods{
    GeminiMethod{"generateContent", "/v1beta/models/{model}:generateContent"},
    GeminiMethod{"streamGenerateContent", "/v1beta/models/{model}:streamGenerateContent",
                 Operation::chat, nullptr, true},
    GeminiMethod{"countTokens", "/v1beta/models/{model}:countTokens", Operation::count_tokens},
    GeminiMethod{"embedContent", "/v1beta/models/{model}:embedContent", Operation::embeddings,
                 &wire::gemini_embedding},
    GeminiMethod{"batchEmbedContents", "/v1beta/models/{model}:batchEmbedContents",
                 Operation::embeddings, &wire::gemini_embeddings},
};

/// A call of Gemini, which names its model in the path.
struct GeminiCall {
    const GeminiMethod* method;
    std::string model;
};

std::optional<GeminiCall> gemini_call(std::string_view path) {
    for (std::string_view prefix : {"/v1beta/models/", "/v1/models/"}) {
        if (!path.starts_with(prefix))
            continue;
        auto rest = path.substr(prefix.size());
        auto colon = rest.rfind(':');
        auto name = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
        auto model = http::percent_decode(rest.substr(0, colon));
        for (const auto& method : gemini_methods)
            if (model && method.name == name)
                return GeminiCall{&method, std::move(*model)};
    }
    return std::nullopt;
}

/// `GET /v1/models/{model}`: names may hold slashes.
std::optional<std::string> model_in(std::string_view path) {
    for (std::string_view prefix : {"/v1beta/models/", "/v1/models/"})
        if (path.starts_with(prefix) && path.size() > prefix.size())
            return http::percent_decode(path.substr(prefix.size()));
    return std::nullopt;
}

/// Whose errors a caller of this path expects.
llm::ErrorShape shape_of(const server::Exchange& exchange) {
    auto path = exchange.path();
    if (is_management(path))
        return llm::ErrorShape::management;
    if (path.starts_with("/v1/messages"))
        return llm::ErrorShape::anthropic;
    if (path.starts_with("/v1beta/") || gemini_call(path))
        return llm::ErrorShape::gemini;
    // What these SDKs send with every call, also with those to a path that others have too.
    const auto& headers = exchange.request().headers;
    if (headers.find("x-goog-api-key") || headers.find("x-goog-api-client"))
        return llm::ErrorShape::gemini;
    return headers.find("anthropic-version") ? llm::ErrorShape::anthropic : llm::ErrorShape::openai;
}

}  // namespace

struct Front::Route {
    std::string_view path;
    std::string_view method;  ///< empty: more than one; the handler tells which
    loop::Task<Result<void>> (Front::*handler)(server::Exchange&, relay::Record&);
};

const Front::Route* Front::gemini_routes() {
    static const auto routes = [] {
        std::array<Route, gemini_methods.size()> out{};
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = {gemini_methods[i].route, "POST", &Front::gemini};
        return out;
    }();
    return routes.data();
}

const Front::Route* Front::find_route(std::string_view path) const {
    static constexpr std::array routes{
        Route{"/v1/chat/completions", "POST", &Front::chat<wire::openai>},
        Route{"/v1/completions", "POST", &Front::chat<wire::completions>},
        Route{"/v1/responses", "POST", &Front::responses},
        Route{"/v1/messages", "POST", &Front::chat<wire::anthropic>},
        Route{"/v2/chat", "POST", &Front::chat<wire::cohere>},
        Route{"/v2/embed", "POST", &Front::cohere_vectors},
        Route{"/v1/embeddings", "POST", &Front::relayed<Operation::embeddings>},
        Route{"/v1/moderations", "POST", &Front::relayed<Operation::moderations>},
        Route{"/v1/rerank", "POST", &Front::relayed<Operation::rerank>},
        Route{"/v2/rerank", "POST", &Front::relayed<Operation::rerank>},
        Route{"/v1/realtime", "GET", &Front::realtime},
        Route{"/v1/images/generations", "POST", &Front::relayed<Operation::image_generations>},
        Route{"/v1/images/edits", "POST", &Front::relayed<Operation::image_edits>},
        Route{"/v1/images/variations", "POST", &Front::relayed<Operation::image_variations>},
        Route{"/v1/audio/speech", "POST", &Front::relayed<Operation::speech>},
        Route{"/v1/audio/transcriptions", "POST", &Front::relayed<Operation::transcriptions>},
        Route{"/v1/audio/translations", "POST", &Front::relayed<Operation::translations>},
        Route{"/v1/messages/count_tokens", "POST", &Front::count_tokens},
        Route{"/v1/models", "GET", &Front::models},
        Route{"/v1beta/models", "GET", &Front::models},
        Route{"/healthz", "GET", &Front::healthz},
        Route{"/readyz", "GET", &Front::readyz},
        Route{"/metrics", "GET", &Front::metrics},
    };
    for (const auto& route : routes)
        if (route.path == path)
            return &route;
    if (auto call = gemini_call(path))
        return &gemini_routes()[static_cast<std::size_t>(call->method - gemini_methods.data())];
    static constexpr Route model{"/v1/models/{model}", "GET", &Front::model};
    if (model_in(path))
        return &model;
    static constexpr Route stored{"/v1/responses/{id}", "", &Front::stored_response};
    static constexpr Route files{"/v1/files", "", &Front::object};
    static constexpr Route batches{"/v1/batches", "", &Front::object};
    if (auto call = relay::object_call("", path))
        return call->kind == storage::ObjectKind::file ? &files : &batches;
    return relay::is_stored_response(path) ? &stored : nullptr;
}

loop::Task<Result<void>> Front::gemini(server::Exchange& exchange, relay::Record& record) {
    auto call = gemini_call(exchange.path());
    const auto& method = *call->method;
    relay::Inbound inbound;
    inbound.operation = method.operation;
    inbound.wire = &wire::gemini;
    inbound.form = method.form;
    inbound.model = std::move(call->model);
    inbound.stream = method.stream;
    inbound.json_array =
        method.stream && http::query_value(exchange.request().query, "alt").value_or("") != "sse";
    if (method.operation == Operation::count_tokens)
        return parts_.relay.count_tokens(exchange, record, std::move(inbound));
    return parts_.relay.serve(exchange, record, std::move(inbound));
}

loop::Task<Result<void>> Front::serve(server::Exchange& exchange) {
    relay::Record record;
    bool management = is_management(exchange.path());
    const auto* route = management ? nullptr : find_route(exchange.path());
    auto name = management ? management_route : (route == nullptr ? no_route : route->path);
    auto work = management ? parts_.admin.serve(exchange) : dispatch(exchange, route, record);
    auto done = co_await std::move(work);
    note(exchange, name, record, done ? nullptr : &done.error());
    noted_.push_back(&exchange);
    co_return done;
}

loop::Task<Result<void>> Front::dispatch(server::Exchange& exchange, const Route* route,
                                         relay::Record& record) {
    if (route == nullptr)
        return refuse(fail(Code::not_found,
                           "there is nothing at this path; the API begins with /v1/ and /api/v1/"));
    if (!route->method.empty() && exchange.method() != route->method)
        return refuse(fail(Code::method_not_allowed,
                           "this path takes " + std::string(route->method) + " requests only"));
    if (auto rules = parts_.captures.rules(); rules && may_be_captured(exchange, *rules))
        return captured(exchange, *route, record, std::move(rules));
    return handle(exchange, *route, record);
}

loop::Task<Result<void>> Front::handle(server::Exchange& exchange, const Route& route,
                                       relay::Record& record) {
    // What only reads has no need of it.
    if (exchange.method() == "POST")
        if (auto given = exchange.request().headers.find("idempotency-key"))
            return once(exchange, route, record, *given);
    return (this->*route.handler)(exchange, record);
}

/// Who calls is known at once; of which model the call is, only when its body has been read.
bool Front::may_be_captured(const server::Exchange& exchange, const CaptureRules& rules) const {
    if (exchange.method() != "POST")
        return false;
    if (!rules.models.empty())
        return true;
    std::string room;
    auto caller = parts_.gate.authenticate(relay::credential_of(exchange.request(), room));
    return caller && rules.wants_token((*caller)->token.name);
}

loop::Task<Result<void>> Front::captured(server::Exchange& exchange, const Route& route,
                                         relay::Record& record,
                                         std::shared_ptr<const CaptureRules> rules) {
    auto listening =
        std::make_unique<CapturingExchange>(exchange, record, *rules, parts_.captures.memory());
    auto done = co_await handle(*listening, route, record);
    if (auto kept = listening->take()) {
        auto& capture = kept->capture;
        capture.request_id = std::string(exchange.request_id());
        capture.time = parts_.clock.wall();
        capture.account = record.call.account;
        capture.token = record.call.token;
        capture.model = record.call.model;
        parts_.captures.store(std::move(*kept), rules);
    }
    co_return done;
}

/// A call that its client may repeat without being charged again.
loop::Task<Result<void>> Front::once(server::Exchange& exchange, const Route& route,
                                     relay::Record& record, std::string_view given) {
    std::string room;
    auto caller = parts_.gate.authenticate(relay::credential_of(exchange.request(), room));
    if (!caller)
        co_return caller.error();
    auto key = relay::repeat_key((*caller)->token.account.value, exchange.path(), given);
    if (!key)
        co_return key.error();
    auto found = parts_.repeats.begin(*key, parts_.clock.steady());
    if (found.runs)
        co_return fail(Code::conflict, "a request with this Idempotency-Key still runs");
    if (found.reply)
        co_return co_await relay::send_again(exchange, std::move(found.reply));
    // The note in the store that a call has begun is not for who is to be refused.
    if (auto may = parts_.gate.check(*caller); !may) {
        parts_.repeats.end(*key, nullptr, parts_.clock.steady());
        co_return may.error();
    }
    record.call.time = parts_.clock.wall();
    relay::Maker maker{(*caller)->token.account, record.call.time, exchange.request_id()};
    relay::Turn turn(parts_.repeats, parts_.shelf, *key, maker, parts_.clock);
    auto before = co_await turn.begin();
    if (!before)
        co_return before.error();
    if (*before)
        co_return co_await relay::send_again(exchange, std::move(*before));
    relay::OnceExchange kept(exchange, record, turn);
    auto done = co_await (this->*route.handler)(kept, record);
    if (done && exchange.client_gone() && !exchange.finished())
        co_return fail(Code::cancelled, "the client left");
    co_return done;
}

loop::Task<Result<void>> Front::responses(server::Exchange& exchange, relay::Record& record) {
    relay::Conversation conversation(exchange, record, parts_.memory);
    relay::Inbound inbound;
    inbound.wire = &wire::responses;
    co_return co_await parts_.relay.serve(conversation, record, std::move(inbound));
}

loop::Task<Result<void>> Front::cohere_vectors(server::Exchange& exchange, relay::Record& record) {
    relay::Inbound inbound;
    inbound.operation = Operation::embeddings;
    inbound.wire = &wire::cohere;
    inbound.form = &wire::cohere_embeddings;
    return parts_.relay.serve(exchange, record, std::move(inbound));
}

loop::Task<Result<void>> Front::realtime(server::Exchange& exchange, relay::Record& record) {
    return parts_.relay.serve_realtime(exchange, record);
}

loop::Task<Result<void>> Front::object(server::Exchange& exchange, relay::Record& record) {
    return parts_.relay.serve_object(exchange, record, parts_.memory);
}

loop::Task<Result<void>> Front::stored_response(server::Exchange& exchange, relay::Record&) {
    return relay::serve_stored_response(exchange, parts_.gate, parts_.memory);
}

loop::Task<Result<void>> Front::models(server::Exchange& exchange, relay::Record& record) {
    return parts_.relay.models(exchange, record, shape_of(exchange));
}

loop::Task<Result<void>> Front::model(server::Exchange& exchange, relay::Record& record) {
    auto name = model_in(exchange.path());
    return parts_.relay.model(exchange, record, shape_of(exchange), std::move(*name));
}

loop::Task<Result<void>> Front::count_tokens(server::Exchange& exchange, relay::Record& record) {
    relay::Inbound inbound;
    inbound.wire = &wire::anthropic;
    return parts_.relay.count_tokens(exchange, record, std::move(inbound));
}

loop::Task<Result<void>> Front::healthz(server::Exchange& exchange, relay::Record&) {
    return answer(exchange, 200, "text/plain; charset=utf-8", "ok\n");
}

loop::Task<Result<void>> Front::readyz(server::Exchange& exchange, relay::Record&) {
    auto reason = parts_.vitals.not_ready();
    auto status = reason.empty() ? 200 : 503;
    auto text = reason.empty() ? std::string("ready\n") : reason + "\n";
    co_return co_await answer(exchange, status, "text/plain; charset=utf-8", text);
}

loop::Task<Result<void>> Front::metrics(server::Exchange& exchange, relay::Record&) {
    if (!from_loopback(exchange.peer()) && exchange.peer().listener != "metrics")
        co_return fail(Code::forbidden,
                       "metrics are served on the Unix socket, the loopback addresses and the "
                       "listeners of metrics.listen");
    // On a worker: it grows with the channels, accounts and tokens there are.
    const auto& vitals = parts_.vitals;
    auto work = [&vitals] { return vitals.exposition(); };
    auto text = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!text)
        co_return text.error();
    co_return co_await answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", *text);
}

std::string Front::methods_of(const Route& route, std::string_view path) {
    if (!route.method.empty())
        return std::string(route.method);
    auto methods = relay::object_methods(path);
    return methods.empty() ? "GET, DELETE" : methods;
}

server::ErrorReply Front::render(const Error& error, const server::Exchange& exchange) {
    auto shape = shape_of(exchange);
    server::ErrorReply reply;
    reply.status = llm::status_of(shape, error);
    reply.content_type = "application/json";
    reply.body = llm::error_body(shape, error, exchange.request_id());
    if (error.retry_after)
        reply.headers.emplace_back("retry-after", seconds_up(*error.retry_after));
    if (shape == llm::ErrorShape::anthropic)
        reply.headers.emplace_back("request-id", exchange.request_id());
    if (error.code == Code::method_not_allowed)
        if (const auto* route = find_route(exchange.path()))
            reply.headers.emplace_back("allow",
                                       http::allow_value(methods_of(*route, exchange.path())));
    return reply;
}

void Front::ended(const server::Exchange& exchange, const Error* error) {
    auto noted = std::find(noted_.begin(), noted_.end(), &exchange);
    if (noted != noted_.end())
        noted_.erase(noted);
    else
        note(exchange, no_route, {}, error);  // it could not be parsed: serve() never saw it
}

void Front::note(const server::Exchange& exchange, std::string_view route,
                 const relay::Record& record, const Error* error) {
    const auto& call = record.call;
    auto status = exchange.status();
    if (status == 0 && error != nullptr)
        status = llm::status_of(llm::ErrorShape::openai, *error);
    auto code = error == nullptr ? std::string_view{} : info(error->code).name;
    auto duration = duration_cast<microseconds>(parts_.clock.steady() - exchange.arrived());
    // Names that a client made up are counted only once a channel serves them.
    bool routed = call.channel.value != 0;
    metrics::Observation observation;
    observation.route = route;
    observation.model = routed ? std::string_view(call.model) : std::string_view{};
    observation.channel = record.channel;
    observation.error = code;
    observation.status = status;
    observation.usage = call.usage;
    observation.cost = call.cost;
    observation.duration = duration;
    observation.ttft = microseconds(call.ttft_us);
    parts_.metrics.observe(parts_.loop_index, observation);

    bool server_fault = status >= 500 && error != nullptr;
    auto level = server_fault ? log::Level::warning : log::Level::info;
    if (!log::enabled(level))
        return;
    log::write(level, "request",
               {{"request", exchange.request_id()},
                {"route", route},
                {"status", status},
                {"code", code},
                {"token", record.token},
                {"model", call.model},
                {"channel", record.channel},
                {"attempts", call.attempts},
                {"ttft_ms", call.ttft_us < 0 ? -1 : call.ttft_us / 1000},
                {"duration_ms", static_cast<std::int64_t>(duration.count() / 1000)},
                {"tokens_in", call.usage.input_all()},
                {"tokens_out", call.usage.output_all()},
                {"cost_usd", call.cost.text()},
                {"why", error == nullptr ? std::string_view{} : std::string_view(error->message)}});
}

}  // namespace obliv::daemon
