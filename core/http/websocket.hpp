#pragma once

#include "core/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The WebSocket protocol (RFC 6455) without extensions, as pure bytes.

namespace obliv::http {

/// Whether it is the base64 of sixteen bytes, as a handshake asks for.
bool is_websocket_key(std::string_view key);
/// The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

using Mask = std::array<char, 4>;

/// A stretch of the payload of one frame; a frame without payload has one, which is empty.
struct FramePiece {
    Opcode opcode = Opcode::text;  ///< of the message, also for its continuations
    std::string_view payload;      ///< as it came: of a client it is masked
    Mask mask{};                   ///< for `payload`, turned to its first byte; zeros: none
    bool frame_end = false;
    bool message_end = false;

    bool is_control() const noexcept { return static_cast<std::uint8_t>(opcode) >= 8; }
};

/// `payload` without its mask.
std::string unmasked(const FramePiece& piece);

/// Reads the frames of one side, from pieces cut anywhere. Strict: `invalid_request` is a violation
/// of the protocol (close with 1002), `payload_too_large` a message over its limit (1009); the
/// reader is of no further use then.
class FrameReader {
public:
    /// `masked`: they come from a client, and have to be.
    FrameReader(bool masked, std::uint64_t message_bytes_max) noexcept
        : masked_(masked), message_bytes_max_(message_bytes_max) {}

    /// Takes the next piece off the front of `bytes`; nothing: they are used up.
    Result<std::optional<FramePiece>> next(std::string_view& bytes);

    /// Between two frames: the only place where a frame of our own may go.
    bool at_boundary() const noexcept { return !in_frame_ && head_size_ == 0; }

private:
    Result<bool> take_head(std::string_view& bytes);
    Result<void> judge_head();
    bool read_length() noexcept;
    Result<void> judge_control() const;
    Result<void> judge_data();
    std::size_t head_length() const noexcept;
    FramePiece take_payload(std::string_view& bytes);

    bool masked_;
    std::uint64_t message_bytes_max_;
    std::array<unsigned char, 14> head_{};
    std::size_t head_size_ = 0;
    std::uint64_t left_ = 0;  ///< bytes of the frame's payload that are still to come
    std::uint64_t message_bytes_ = 0;
    Mask mask_{};
    Opcode frame_ = Opcode::text;
    Opcode message_ = Opcode::text;
    bool fin_ = false;
    bool in_frame_ = false;
    bool in_message_ = false;
};

/// Appends a whole frame. A client masks what it sends.
void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  std::optional<Mask> mask = std::nullopt);

/// The payload of a close frame; `reason` is cut to what fits.
std::string close_payload(std::uint16_t code, std::string_view reason);

}  // namespace obliv::http
