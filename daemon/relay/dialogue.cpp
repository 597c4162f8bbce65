#include "daemon/relay/dialogue.hpp"

#include "core/base/encoding.hpp"
#include "core/base/random.hpp"
#include "core/config/limits.hpp"
#include "core/http/head.hpp"

#include <array>

namespace obliv::relay {
namespace {

constexpr std::uint16_t normal_closure = 1000;
// A server that pings without end is not waited for.
constexpr std::size_t answers_bytes_max = 4096;

http::Mask new_mask() {
    std::array<std::uint8_t, 4> bytes{};
    random_bytes(bytes);
    http::Mask mask{};
    for (std::size_t i = 0; i < mask.size(); ++i)
        mask[i] = static_cast<char>(bytes[i]);
    return mask;
}

}  // namespace

std::string new_handshake_key() {
    std::array<std::uint8_t, 16> bytes{};
    random_bytes(bytes);
    return to_base64(as_chars(bytes));
}

HeaderList handshake_headers(std::string_view key) {
    return {{"connection", "Upgrade"},
            {"upgrade", "websocket"},
            {"sec-websocket-version", "13"},
            {"sec-websocket-key", std::string(key)}};
}

Result<void> check_handshake(const http::ResponseHead& head, std::string_view key) {
    auto accept = head.headers.find("sec-websocket-accept").value_or("");
    if (accept != http::websocket_accept(key) || head.headers.find("sec-websocket-extensions"))
        return fail(Code::upstream_failed, "the provider's handshake is not valid");
    return ok();
}

Dialogue::Dialogue(std::string_view message)
    : key_(new_handshake_key()),
      frames_(false, static_cast<std::uint64_t>(limits::sse_event_bytes)) {
    http::append_frame(question_, http::Opcode::text, message, new_mask());
}

std::string Dialogue::good_bye() {
    std::string out;
    http::append_frame(out, http::Opcode::close, http::close_payload(normal_closure, {}),
                       new_mask());
    return out;
}

Result<void> Dialogue::hear(std::span<const std::string_view> bytes) {
    heard_.clear();
    for (auto piece : bytes)
        while (!closed_) {
            auto frame = frames_.next(piece);
            if (!frame)
                return fail(Code::upstream_failed, "the provider: " + frame.error().message);
            if (!*frame)
                break;
            if (auto taken = take(**frame); !taken)
                return taken;
        }
    return ok();
}

Result<void> Dialogue::take(http::FramePiece piece) {
    if (!piece.is_control()) {
        if (!piece.payload.empty())
            heard_.push_back(piece.payload);
        return ok();
    }
    closed_ = piece.opcode == http::Opcode::close;
    if (piece.opcode != http::Opcode::ping)
        return ok();
    ping_ += piece.payload;
    if (!piece.frame_end)
        return ok();
    http::append_frame(answers_, http::Opcode::pong, std::exchange(ping_, {}), new_mask());
    if (answers_.size() > answers_bytes_max)
        return fail(Code::upstream_failed, "the provider sends nothing but pings");
    return ok();
}

}  // namespace obliv::relay
