#include "daemon/server/reply_head.hpp"

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

std::string date_line(std::time_t second) {
    return "date: " + http_date(WallTime(std::chrono::seconds(second))) + "\r\n";
}

/// The status line and the date, which are the same for thousands of replies: made anew when the
/// second or the status is another one than that of the reply before.
std::string_view first_lines(int status) {
    struct Kept {
        std::time_t second = -1;
        int status = 0;
        std::string date;
        std::string lines;
    };
    thread_local Kept kept;
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == kept.second && status == kept.status)
        return kept.lines;
    if (now.tv_sec != kept.second)
        kept.date = date_line(now.tv_sec);
    kept.second = now.tv_sec;
    kept.status = status;
    kept.lines = "HTTP/1.1 " + std::to_string(status) + ' ';
    kept.lines.append(reason_phrase(status)).append("\r\n").append(kept.date);
    return kept.lines;
}

/// With the lengths of literals known: append() of a pointer looks for its end each time.
template <typename... Texts>
void add(std::string& out, const Texts&... texts) {
    (out.append(std::string_view(texts)), ...);
}

bool plain(std::string_view text) noexcept {
    return http::find_control(text) == text.size();
}

bool may_pass(const http::Header& header) noexcept {
    if (header.name.empty() || !plain(header.name) || !plain(header.value) ||
        header.name.find_first_of(" :\t") != std::string_view::npos)
        return false;
    return std::none_of(ours.begin(), ours.end(), [&header](std::string_view name) {
        return http::same_name(name, header.name);
    });
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
    out += first_lines(head.status);
    if (!head.content_type.empty() && plain(head.content_type))
        add(out, "content-type: ", head.content_type, "\r\n");
    if (head.length) {
        std::array<char, 20> digits{};
        auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), *head.length).ptr;
        add(out, "content-length: ", std::string_view(digits.data(), end), "\r\n");
    } else if (head.chunked) {
        add(out, "transfer-encoding: chunked\r\n");
    }
    add(out, "x-request-id: ", head.request_id, "\r\n");
    if (head.close)
        add(out, "connection: close\r\n");
    for (const auto& header : head.headers)
        if (may_pass(header))
            add(out, header.name, ": ", header.value, "\r\n");
    add(out, "\r\n");
    return out;
}

}  // namespace obliv::server
