#pragma once

#include "cli/chat/completion.hpp"
#include "core/llm/sse.hpp"

namespace obliv::cli {

/// What a whole reply amounts to by its finish reason: `upstream_failed` when there is none,
/// `refused` for a content filter.
Result<void> verdict(const Reply& reply);

/// Reads one reply in the OpenAI form, streamed or not, from bytes cut anywhere.
class ReplyReader {
public:
    ReplyReader(const ReplyEvents& events, Reply& reply);

    /// False when nothing more is wanted: the stream has ended or is broken.
    bool feed(const client::Response& head, std::string_view bytes);
    /// After the last byte: what all of it amounts to.
    Result<void> finish();

private:
    void take_event(std::string_view data);
    void take_document(const Json& document);
    void take_choice(const Json& choice);
    void take_tools(const Json& calls);
    void take_usage(const Json& usage);
    void break_off(Error error);

    const ReplyEvents& events_;
    Reply& reply_;
    llm::SseDecoder decoder_;
    std::string plain_;  ///< a body that is not a stream
    bool streamed_ = false;
    bool done_ = false;
    std::optional<Error> problem_;
};

}  // namespace obliv::cli
