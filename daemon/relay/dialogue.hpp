#pragma once

#include "core/base/result.hpp"
#include "core/http/websocket.hpp"
#include "daemon/relay/request_head.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::http {
struct ResponseHead;
}

namespace obliv::relay {

/// Of a handshake of our own: sixteen random bytes.
std::string new_handshake_key();
/// What asks for a WebSocket, beside the channel's own headers.
HeaderList handshake_headers(std::string_view key);
/// Of a 101. upstream_failed: it does not answer this key, or agrees on what nobody asked for.
Result<void> check_handshake(const http::ResponseHead& head, std::string_view key);

/// A chat over a WebSocket (providers::Dialogue) as its caller's side sees it: one message asks,
/// and what comes back is read without its frames. Owns no bytes of the reply.
class Dialogue {
public:
    explicit Dialogue(std::string_view message);

    const std::string& key() const noexcept { return key_; }
    /// The frame that asks; it is of use once.
    std::string take_question() { return std::move(question_); }

    /// Takes in what was read. upstream_failed: those are no frames of a server.
    Result<void> hear(std::span<const std::string_view> bytes);
    /// The messages in it, or what of them it brought: views into what was given to hear().
    std::span<const std::string_view> heard() const noexcept { return heard_; }
    /// The provider has said good-bye.
    bool closed() const noexcept { return closed_; }
    /// Frames that have to be sent now: answers to pings. Empty: none.
    std::string take_answers() { return std::exchange(answers_, {}); }
    /// The frame that ends it.
    static std::string good_bye();

private:
    Result<void> take(http::FramePiece piece);

    std::string key_;
    std::string question_;
    http::FrameReader frames_;
    std::vector<std::string_view> heard_;
    std::string ping_;
    std::string answers_;
    bool closed_ = false;
};

}  // namespace obliv::relay
