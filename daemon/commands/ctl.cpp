#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "core/client/client.hpp"
#include "daemon/commands/settings.hpp"
#include "daemon/commands/verbs.hpp"

#include <nlohmann/json.hpp>

namespace obliv::daemon {
namespace {

using Json = nlohmann::ordered_json;

// A reload answers within 30 s; nothing else takes longer.
constexpr auto patience = std::chrono::seconds(40);

/// The socket of the running daemon. A broken file must not keep anybody from asking it: then it is
/// looked for where it is by default.
std::string socket_path(const Invocation& invocation) {
    if (auto given = invocation.value("--socket"))
        return *given;
    auto loaded = load_settings(invocation);
    if (loaded)
        return loaded->config.server.socket;
    auto fallback = config::load_texts({}, {}, invocation.environment);
    return fallback ? fallback->config.server.socket : "";
}

Result<client::Response> ask(const Invocation& invocation, std::string_view method,
                             std::string_view path, std::string body = {}) {
    auto where = socket_path(invocation);
    auto endpoint = client::parse_endpoint("unix:" + where);
    if (!endpoint)
        return endpoint.error();
    client::Options options;
    options.endpoint = *endpoint;
    options.user_agent = "oblivd/" + std::string(version);
    options.deadline = Deadline::after(real_clock(), patience);
    options.tries_max = 1;
    client::Client connection(options);
    client::Request request;
    request.method = method;
    request.url = endpoint->management_url(path);
    request.body = std::move(body);
    auto response = connection.send(request);
    if (!response) {
        auto error = std::move(response.error()).in("cannot ask the daemon at " + where);
        error.hint = "is oblivd running? --socket PATH names another one";
        return error;
    }
    return response;
}

/// The document of a good reply, or the error that it tells.
Result<Json> document(const Result<client::Response>& response) {
    if (!response)
        return response.error();
    if (!response->ok())
        return client::error_from(*response);
    if (response->body.empty())
        return Json::object();
    auto parsed = Json::parse(response->body, nullptr, false);
    if (!parsed.is_object())
        return fail(Code::internal, "the daemon's answer is no JSON object");
    return parsed;
}

Result<void> print_json(std::string_view schema, const Json& body) {
    Json out{{"schema", schema}};
    out.update(body);
    return print_out(out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string plain(const Json& value) {
    return visible(value.is_string() ? value.get<std::string>()
                                     : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Result<void> ctl_status(const Invocation& invocation) {
    auto status = document(ask(invocation, "GET", "/api/v1/system/status"));
    if (!status)
        return status.error();
    if (invocation.has("--json"))
        return print_json("oblivd.ctl.status/1", *status);
    std::string out;
    for (const auto& [key, value] : status->items())
        out += visible(key) + "\t" + plain(value) + "\n";
    return print_out(out);
}

Result<void> ctl_reload(const Invocation& invocation) {
    auto response = ask(invocation, "POST", "/api/v1/system/reload");
    auto verdict = document(response);
    if (!verdict) {
        auto error = verdict.error();
        // The daemon has looked at its files and said no: that is a verdict on them.
        if (response && response->status == 422)
            error.code = Code::config_invalid;
        return error;
    }
    if (invocation.has("--json"))
        return print_json("oblivd.ctl.reload/1", *verdict);
    std::string out = "reloaded\n";
    if (auto names = verdict->find("needs_restart"); names != verdict->end())
        for (const auto& name : *names)
            out += "needs a restart: " + plain(name) + "\n";
    return print_out(out);
}

Result<void> ctl_drain(const Invocation& invocation) {
    auto answer = document(ask(invocation, "POST", "/api/v1/system/drain"));
    if (!answer)
        return answer.error();
    if (invocation.has("--json"))
        return print_json("oblivd.ctl.drain/1", *answer);
    return print_out("draining\n");
}

Result<void> ctl_log_level(const Invocation& invocation) {
    Json body{{"level", invocation.arguments.front()}};
    auto answer = document(ask(invocation, "PUT", "/api/v1/system/log-level", body.dump()));
    if (!answer)
        return answer.error();
    if (invocation.has("--json"))
        return print_json("oblivd.ctl.log-level/1", *answer);
    return print_out("log level: " + invocation.arguments.front() + "\n");
}

}  // namespace obliv::daemon
