#pragma once

#include "cli/sim/format.hpp"
#include "cli/sim/options.hpp"
#include "core/http/head.hpp"
#include "core/llm/chat_call.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace obliv::sim {

/// What the last user message of a call asks of the simulator, by marks such as
/// `[[sim:fault=cut]]`. A mark we do not know is an error: a test that misspells one must not pass.
struct Wishes {
    std::optional<Fault> fault{};          ///< fault=429
    std::optional<std::int64_t> tokens{};  ///< tokens=7: length of the reply
    std::optional<milliseconds> ttft{};    ///< ttft=5s
    std::optional<milliseconds> itl{};     ///< itl=0ms
    std::optional<std::string> echo{};     ///< echo: the message itself, without the marks
    bool stamp = false;                    ///< stamp: each token is the time it was sent
    std::optional<std::string> tool{};     ///< tool or tool=NAME: a call of that tool
    /// think=9: words of thought before the reply, where the format has thoughts.
    std::optional<std::int64_t> think{};
};

Result<Wishes> parse_wishes(std::string_view message);

/// A request, as far as the reply depends on it.
struct Call {
    llm::ChatCall chat;    ///< of other formats too: model, stream, limits
    std::string document;  ///< the whole reply to what is no chat; empty: it is one
    std::string_view document_type = "application/json";
    /// A word is a token, and each message has four more.
    std::int64_t prompt_tokens = 0;
    Wishes wishes;
};

inline constexpr std::int64_t tokens_per_message = 4;

/// Reads a body, which is followed by llm::json_padding readable bytes. What is refused names the
/// field at fault, as the provider does.
Result<Call> read_call(std::string_view body);

/// The same for a request in another format.
Result<Call> read_call(const Asked& asked, std::string_view body,
                       std::string_view content_type = {});

/// The same for a whole request: also reads the fault that its header x-sim-fault asks for (a mark
/// in the message goes first), and refuses a model that `options` does not name.
Result<Call> read_request(const Options& options, const Asked& asked, const http::RequestHead& head,
                          std::string_view body);

}  // namespace obliv::sim
