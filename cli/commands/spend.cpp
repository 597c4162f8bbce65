#include "cli/commands/spend.hpp"

#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace obliv::cli {
namespace {

constexpr int row_tries = 10;
constexpr std::chrono::milliseconds row_pause(20);

/// An oblivd names the code of its 404; that of a provider is no reason to ask again.
bool not_stored_yet(const Json& said) {
    auto error = said.is_object() ? said.value("error", Json(nullptr)) : Json(nullptr);
    return error.is_object() &&
           error.value("code", Json(nullptr)) == Json(info(Code::not_found).name);
}

}  // namespace

Json cost_of_call(Invocation& run, const std::string& request_id) {
    auto client = run.client();
    if (request_id.empty() || !client || (*client)->endpoint().has_path())
        return nullptr;
    client::Request request;
    request.url = (*client)->endpoint().management_url("/api/v1/calls/" + encoded(request_id));
    // The answer is printed already: whatever goes wrong here is not worth a failure. The row is
    // written with others, some milliseconds after the end of the reply.
    for (int tries = 0; tries < row_tries; ++tries) {
        if (tries > 0)
            std::this_thread::sleep_for(row_pause);
        auto reply = (*client)->send(request);
        if (!reply)
            return nullptr;
        auto said = Json::parse(reply->body, nullptr, false);
        if (reply->ok())
            return said.is_object() ? said.value("cost", Json(nullptr)) : Json(nullptr);
        if (!not_stored_yet(said))
            return nullptr;
    }
    return nullptr;
}

std::string spend_text(const Reply& reply, const Json& cost) {
    if (!reply.tokens)
        return "the server sent no token counts";
    const auto& tokens = *reply.tokens;
    auto text = std::to_string(tokens.input + tokens.cache_read) + " in";
    if (tokens.cache_read > 0)
        text += " (" + std::to_string(tokens.cache_read) + " cached)";
    text += ", " + std::to_string(tokens.output + tokens.reasoning) + " out";
    if (tokens.reasoning > 0)
        text += " (" + std::to_string(tokens.reasoning) + " reasoning)";
    text += " tokens";
    return cost.is_string() ? text + ", " + cost.get<std::string>() + " USD" : text;
}

}  // namespace obliv::cli
