#pragma once

#include "core/http/head.hpp"
#include "core/llm/chat_call.hpp"
#include "core/llm/chat_request.hpp"
#include "core/providers/provider.hpp"
#include "core/wire/openai.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::relay {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// What answers in the place of channels that all fail.
struct StandIn;
/// One of two roads of a hedged call.
class Contender;

/// How a call came in: what its path says before its body has been read.
struct Inbound {
    providers::Operation operation = providers::Operation::chat;
    const wire::Wire* wire = &wire::openai;  ///< of a chat
    std::string model{};                     ///< where the path names it (Gemini)
    bool stream = false;                     ///< likewise
    bool json_array = false;                 ///< a stream is to be one JSON array
    /// Of vectors and rankings; null: as OpenAI's and Cohere's clients ask for them.
    const wire::PlainForm* form = nullptr;
    StandIn* stand_in = nullptr;     ///< it was looked up in the cache already
    Contender* contender = nullptr;  ///< it is one of two roads

    llm::ErrorShape errors() const noexcept { return wire->errors; }
    /// What the relay's own scanners read while its bytes pass.
    bool is_openai() const noexcept { return wire == &wire::openai; }
    /// How vectors or a ranking are asked for; null: this is neither.
    const wire::PlainForm* plain_form() const noexcept {
        return form != nullptr ? form : providers::client_form(operation);
    }
    /// Of a call for pictures or sound: which; nothing: it is for text.
    std::optional<llm::MediaKind> media() const noexcept;
    /// Whether the bytes of a call and of its reply pass as they are. `renamed`: the provider calls
    /// the model otherwise than the caller.
    bool passes(const providers::Offer& offer, bool renamed) const noexcept;
};

/// What the relay has to know of a request to find out who serves it and what it may cost.
/// invalid_request names the field at fault. `content_type` is the request's; only of pictures and
/// sound it matters.
/// `passed`, of a form: see http::FormScan.
Result<llm::ChatCall> parse_call(const Inbound& inbound, std::string_view body,
                                 std::string_view content_type = {},
                                 void (*passed)(std::string_view) = nullptr);
/// Of a chat: whether its deciding fields are found without reading all of it.
bool has_own_scanner(const Inbound& inbound) noexcept;

/// The whole of a chat request. Its `usage_in_stream` is what the client asked for.
Result<llm::ChatRequest> read_request(const Inbound& inbound, std::string_view body,
                                      const HeaderList& headers);

/// Headers of the client that belong to the body and go where it goes, in the same format only.
HeaderList forwarded_headers(const Inbound& inbound, const http::RequestHead& head);

}  // namespace obliv::relay
