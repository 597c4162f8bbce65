#pragma once

#include "core/http/headers.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace obliv::server {

/// What the head of a reply says.
struct ReplyHead {
    int status = 200;
    std::string_view content_type{};  ///< none when empty
    std::span<const http::Header> headers{};
    std::string_view request_id{};
    std::optional<std::uint64_t> length{};  ///< content-length
    bool chunked = false;
    bool close = false;  ///< connection: close
};

/// The bytes of `head`, blank line included. Headers that frame the message, that are ours or that
/// hold control bytes are left out: a value from outside must not end a line.
std::string reply_head_text(const ReplyHead& head);

/// The usual phrase of a status, or "" for one we do not know.
std::string_view reason_phrase(int status) noexcept;

}  // namespace obliv::server
