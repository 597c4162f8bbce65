#include "cli/chat/completion.hpp"

#include "cli/chat/form.hpp"
#include "cli/chat/reply_reader.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {

Json tokens_json(const Tokens& tokens) {
    return Json{{"input", tokens.input},
                {"cache_read", tokens.cache_read},
                {"output", tokens.output},
                {"reasoning", tokens.reasoning}};
}

std::string prompt_body(const Prompt& prompt) {
    Json body;
    body["model"] = prompt.model;
    body["messages"] = Json::array();
    for (const auto& message : prompt.messages)
        body["messages"].push_back(Json{{"role", message.role}, {"content", message.content}});
    if (prompt.max_tokens)
        body["max_tokens"] = *prompt.max_tokens;
    if (!prompt.temperature.empty())
        body["temperature"] = Json::parse(prompt.temperature, nullptr, false);
    body["stream"] = true;
    body["stream_options"] = Json{{"include_usage", true}};
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

namespace {

client::Request openai_request(const client::Endpoint& endpoint, const Prompt& prompt) {
    client::Request request;
    request.method = "POST";
    request.url = endpoint.openai_url("/chat/completions");
    request.accept = "text/event-stream, application/json";
    request.body = prompt_body(prompt);
    return request;
}

template <typename Reader>
Result<void> call(client::Client& client, const client::Request& request, Reader reader) {
    auto response = client.stream(request, [&](const auto& head, std::string_view bytes) {
        return reader.feed(head, bytes);
    });
    if (!response)
        return response.error();
    if (!response->ok())
        return client::error_from(*response);
    return reader.finish();
}

}  // namespace

Result<void> complete(client::Client& client, const Prompt& prompt, const ReplyEvents& events,
                      Reply& reply) {
    if (prompt.api == "openai")
        return call(client, openai_request(client.endpoint(), prompt), ReplyReader(events, reply));
    auto request = form_request(client.endpoint(), prompt);
    if (!request)
        return request.error();
    return call(client, *request, FormReader(*wire::find(prompt.api), events, reply));
}

}  // namespace obliv::cli
