#pragma once

#include "cli/output/json.hpp"
#include "core/base/result.hpp"
#include "core/client/client.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

struct Message {
    std::string role;  ///< system, user, assistant
    std::string content;
};

/// What is asked of a model.
struct Prompt {
    std::string model;
    std::vector<Message> messages{};
    std::optional<std::int64_t> max_tokens{};
    std::string temperature{};   ///< a checked decimal; empty: the server's own
    std::string api = "openai";  ///< the form of the call: `openai`, `anthropic`, `gemini`
};

/// Token counts, every token in one field, as the management API has them.
struct Tokens {
    std::int64_t input = 0;
    std::int64_t cache_read = 0;
    std::int64_t output = 0;
    std::int64_t reasoning = 0;
};

/// What came, as far as it came.
struct Reply {
    std::string text{};
    std::string finish_reason{};  ///< empty until the model has ended by itself
    std::string model{};          ///< as the server names it
    std::string request_id{};
    std::optional<Tokens> tokens{};
};

/// Pieces while they arrive. Any may be empty. Text is as the model wrote it: not yet visible().
struct ReplyEvents {
    std::function<void(std::string_view)> text{};
    std::function<void(std::string_view)> reasoning{};
    std::function<void(const Json&)> tool_call{};
    std::function<Result<void>()> failed{};  ///< asked after each piece; an error ends the call
};

/// The JSON body of the call in the OpenAI form.
std::string prompt_body(const Prompt& prompt);
Json tokens_json(const Tokens& tokens);

/// One call, streamed. `reply` is filled as pieces come and keeps them when the call fails; a
/// stream that ends without a finish reason is `upstream_failed`, a content filter `refused`.
Result<void> complete(client::Client& client, const Prompt& prompt, const ReplyEvents& events,
                      Reply& reply);

}  // namespace obliv::cli
