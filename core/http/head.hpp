#pragma once

#include "core/base/result.hpp"
#include "core/http/headers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::http {

/// How much of a head is accepted. Over either limit is `Code::header_too_large`.
struct HeadLimits {
    std::size_t bytes_max = 32 * 1024;  ///< start line, headers and blank line; at most 65535
    std::size_t headers_max = 100;      ///< at most Headers::capacity
};

enum class Parse : std::uint8_t { need_more, complete };

/// The head of a request as views into the bytes it was parsed from. Nothing is copied or decoded:
/// it lives as long as those bytes stay where they are.
struct RequestHead {
    std::string_view method;
    std::string_view path;   ///< still percent-encoded; "*" for OPTIONS *
    std::string_view query;  ///< what follows the first '?', still encoded
    Headers headers;
    std::optional<std::uint64_t> content_length;
    std::size_t size = 0;   ///< bytes of the head, blank line included
    int minor_version = 1;  ///< 1 for HTTP/1.1, 0 for HTTP/1.0
    bool chunked = false;
    bool keep_alive = false;
    bool expect_continue = false;

    bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

/// The methods of a path ("GET, POST") as an Allow header names them: HEAD goes where GET goes.
std::string allow_value(std::string_view methods);

/// How the end of a reply's body is found.
enum class BodyEnd : std::uint8_t { none, length, chunked, close };

struct ResponseHead {
    std::string_view reason;
    Headers headers;
    std::optional<std::uint64_t> content_length;
    std::size_t size = 0;  ///< bytes up to the end of the head, skipped 1xx heads included
    int status = 0;
    int minor_version = 1;
    BodyEnd body = BodyEnd::none;
    bool keep_alive = false;  ///< the connection can carry another call once the body has ended
};

/// Reads the head at the front of `bytes`. Strict where leniency lets two parsers disagree about
/// where a request ends (RFC 9112 §11.2): such input is `Code::invalid_request`. `bytes` is fed
/// from its beginning each time; `head` is whole only after `Parse::complete`.
Result<Parse> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                 RequestHead& head);

/// In place of a method for parse_response_head: the request asks for a WebSocket, and 101 may be
/// its reply.
inline constexpr std::string_view websocket_method = "GET WebSocket";

/// The same for a reply. 1xx heads before it are skipped. `method` is the request's: a reply to
/// HEAD has no body. A reply we cannot trust is `Code::upstream_failed`.
Result<Parse> parse_response_head(std::string_view bytes, std::string_view method,
                                  const HeadLimits& limits, ResponseHead& head);

}  // namespace obliv::http
