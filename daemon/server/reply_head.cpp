#include "daemon/server/reply_head.hpp"

#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace obliv::server {
namespace {

struct Phrase {
    int status;
    std::string_view text;
};
constexpr std::array phrases{Phrase{200, "OK"},
                             Phrase{201, "Created"},
                             Phrase{202, "Accepted"},
                             Phrase{204, "No Content"},
                             Phrase{207, "Multi-Status"},
                             Phrase{304, "Not Modified"},
                             Phrase{400, "Bad Request"},
                             Phrase{401, "Unauthorized"},
                             Phrase{402, "Payment Required"},
                             Phrase{403, "Forbidden"},
                             Phrase{404, "Not Found"},
                             Phrase{405, "Method Not Allowed"},
                             Phrase{408, "Request Timeout"},
                             Phrase{409, "Conflict"},
                             Phrase{413, "Content Too Large"},
                             Phrase{415, "Unsupported Media Type"},
                             Phrase{422, "Unprocessable Content"},
                             Phrase{429, "Too Many Requests"},
                             Phrase{431, "Request Header Fields Too Large"},
                             Phrase{499, "Client Closed Request"},
                             Phrase{500, "Internal Server Error"},
                             Phrase{501, "Not Implemented"},
                             Phrase{502, "Bad Gateway"},
                             Phrase{503, "Service Unavailable"},
                             Phrase{504, "Gateway Timeout"},
                             Phrase{529, "Overloaded"}};

constexpr std::array<std::string_view, 6> ours{"connection", "content-length",    "content-type",
                                               "date",       "transfer-encoding", "x-request-id"};

/// A date line, made once a second and thread.
std::string_view date_line() noexcept {
    struct Cache {
        std::time_t second = -1;
        std::array<char, 48> text{};
        std::size_t size = 0;
    };
    thread_local Cache cache;
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != cache.second) {
        auto line = "date: " + http_date(WallTime(std::chrono::seconds(now.tv_sec))) + "\r\n";
        cache.size = line.copy(cache.text.data(), cache.text.size());
        cache.second = now.tv_sec;
    }
    return {cache.text.data(), cache.size};
}

bool plain(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

bool may_pass(const http::Header& header) noexcept {
    if (header.name.empty() || !plain(header.name) || !plain(header.value) ||
        header.name.find_first_of(" :\t") != std::string_view::npos)
        return false;
    return std::none_of(ours.begin(), ours.end(), [&header](std::string_view name) {
        return equal_ignoring_case(name, header.name);
    });
}

void add_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
    for (const auto& phrase : phrases)
        if (phrase.status == status)
            return phrase.text;
    return {};
}

std::string reply_head_text(const ReplyHead& head) {
    std::string out;
    out.reserve(384);  // one allocation for what replies usually carry
    out += "HTTP/1.1 ";
    add_number(out, static_cast<std::uint64_t>(head.status));
    out += ' ';
    out += reason_phrase(head.status);
    out += "\r\n";
    out += date_line();
    if (!head.content_type.empty() && plain(head.content_type))
        out.append("content-type: ").append(head.content_type).append("\r\n");
    if (head.length) {
        out += "content-length: ";
        add_number(out, *head.length);
        out += "\r\n";
    } else if (head.chunked) {
        out += "transfer-encoding: chunked\r\n";
    }
    out.append("x-request-id: ").append(head.request_id).append("\r\n");
    if (head.close)
        out += "connection: close\r\n";
    for (const auto& header : head.headers)
        if (may_pass(header))
            out.append(header.name).append(": ").append(header.value).append("\r\n");
    out += "\r\n";
    return out;
}

}  // namespace obliv::server
