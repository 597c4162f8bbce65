#include "cli/commands/spend.hpp"

#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace obliv::cli {
namespace {

constexpr int row_tries = 10;
constexpr std::chrono::milliseconds row_pause(20);

}  // namespace

Json cost_of_call(Invocation& run, const std::string& request_id) {
    auto client = run.client();
    if (request_id.empty() || !client || (*client)->endpoint().has_path())
        return nullptr;
    // The answer is printed already: whatever goes wrong here is not worth a failure. The row is
    // written with others, some milliseconds after the end of the reply.
    auto row = call(run, "GET", "/calls/" + encoded(request_id));
    for (int tries = 1; tries < row_tries && !row && row.error().code == Code::not_found; ++tries) {
        std::this_thread::sleep_for(row_pause);
        row = call(run, "GET", "/calls/" + encoded(request_id));
    }
    return row && row->is_object() ? row->value("cost", Json(nullptr)) : Json(nullptr);
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
