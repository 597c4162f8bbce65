#pragma once

#include "core/base/result.hpp"
#include "core/llm/content.hpp"
#include "core/wire/frames.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace obliv::wire {

// What a server of the Responses API remembers of a conversation. Pure: who stores it is told by
// the relay.

/// Of one request, what decides whether and how it is remembered.
struct ResponsesTurn {
    std::string previous;  ///< `previous_response_id`; empty: it goes on from none
    bool store = true;     ///< this API's default
    llm::JsonText input;   ///< its own items, as an array
};

/// invalid_request, or unsupported for `background`.
Result<ResponsesTurn> read_responses_turn(std::string_view body);

/// A request that has been answered.
struct PastTurn {
    llm::JsonText input;     ///< as in ResponsesTurn
    llm::JsonText response;  ///< the response as it was sent
};

/// The body with the conversation before it, oldest turn first, in place of
/// `previous_response_id`. Items that a provider has made lose their ids, by which it would look
/// for them in a store of its own; a thought goes along only with its proof.
Result<std::string> with_history(std::string_view body, std::span<const PastTurn> past);

/// The reply to `GET /v1/responses/{id}/input_items`: the newest first, as that API does by
/// default.
std::string input_items_list(std::string_view id, const llm::JsonText& input);

struct CaughtResponse {
    std::string id;
    llm::JsonText json;
};

/// Listens to a reply on its way to the client and keeps the response object: the document, or
/// what the last event of a stream brings.
class ResponseCapture {
public:
    /// A reply with more bytes than this, or an event, is not kept.
    explicit ResponseCapture(std::size_t bytes_max) : frames_(bytes_max, bytes_max) {}

    void feed(std::string_view bytes);
    /// The reply has ended. Nothing if it did not come to a good end: such a response cannot be
    /// gone on from.
    std::optional<CaughtResponse> finish();

private:
    Result<void> take(const Frame& frame);

    Frames frames_;
    bool lost_ = false;
    std::optional<CaughtResponse> response_;
};

}  // namespace obliv::wire
