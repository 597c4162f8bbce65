#pragma once

#include "cli/chat/completion.hpp"
#include "core/llm/chat_reply.hpp"
#include "core/wire/wire.hpp"

#include <memory>

namespace obliv::cli {

/// One call in the form of a provider that is not OpenAI: `anthropic`, `gemini`. `usage` for any
/// other name, `unsupported` for what of the prompt the form cannot say.
Result<client::Request> form_request(const client::Endpoint& endpoint, const Prompt& prompt);

/// Reads the reply to such a call, streamed or not, from bytes cut anywhere.
class FormReader {
public:
    FormReader(const wire::Wire& wire, const ReplyEvents& events, Reply& reply);

    /// False when nothing more is wanted: the stream is broken.
    bool feed(const client::Response& head, std::string_view bytes);
    /// After the last byte: what all of it amounts to.
    Result<void> finish();

private:
    void take(const llm::ReplyEvent& event);
    void on(const llm::Begun& begun);
    void on(const llm::TextPiece& piece);
    void on(const llm::RefusalPiece& piece);
    void on(const llm::ThinkingPiece& piece);
    void on(const llm::Finished& finished);
    void on(const llm::UsageReport& report);
    void on(const llm::Failed& failed);
    template <typename Other>
    void on(const Other&) {}  ///< what a terminal has no place for
    void take_text(std::string_view text);
    void break_off(const Result<void>& result);

    const wire::Wire& wire_;
    const ReplyEvents& events_;
    Reply& reply_;
    std::unique_ptr<wire::ReplyReader> reader_;  ///< null until the head has told what comes
    Result<void> state_;
};

}  // namespace obliv::cli
