#pragma once

#include "core/llm/chat_reply.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::channels {
struct Option;
}

namespace obliv::relay {

/// The text of one stream, so that another provider can go on with it where the first breaks off.
/// One per call. Bounded: a text that has become too long is not gone on with.
class Continuation {
public:
    /// Sees every event of both replies in their order, and makes those of the second fit behind
    /// the first. False: the event is not for the client.
    bool take(llm::ReplyEvent& event);

    /// Whether somebody can go on: there is text in one block and nothing else, it has no end yet,
    /// and nobody has gone on before.
    bool possible() const noexcept;
    /// Whether nobody ever can any more, whatever comes.
    bool over() const noexcept { return !fit_ || resumed_; }
    /// The text without the white space at its end, which providers do not take there.
    std::string_view prefix() const noexcept;
    /// The next event is of the second reply. `spent`: what the call has used so far.
    void go_on(const llm::Usage& spent);
    bool resumed() const noexcept { return resumed_; }

    const channels::Option* option = nullptr;  ///< that serves the call
    llm::Usage spent{};                        ///< by the first attempt, once it has broken off

private:
    void note(const llm::ReplyEvent& event);
    bool fit_in(llm::ReplyEvent& event);
    bool join(llm::TextPiece& piece);

    std::string text_;
    bool fit_ = true;  ///< nothing but text has come
    std::int32_t block_ = -1;
    bool block_ended_ = false;
    // Of the second reply.
    bool resumed_ = false;
    bool joined_ = false;    ///< its first content has come
    bool spaced_ = false;    ///< the client has the white space that the provider was not told of
    std::int32_t base_ = 0;  ///< the number of its first block
};

}  // namespace obliv::relay
