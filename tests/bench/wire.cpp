#include "tests/bench/wire.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <vector>

namespace obliv::bench {
namespace {

std::int64_t number_at(std::string_view text, std::string_view after) {
    auto at = text.find(after);
    std::int64_t value = -1;
    if (at != std::string_view::npos)
        std::from_chars(text.data() + at + after.size(), text.data() + text.size(), value);
    return value;
}

std::string lowered(std::string text) {
    for (auto& c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

}  // namespace

std::int64_t now_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void give_up(const std::string& what) {
    std::fprintf(stderr, "bench_client: %s\n", what.c_str());
    std::exit(1);
}

Target make_target(const std::string& url, const std::string& body,
                   const std::vector<std::string>& headers) {
    constexpr std::string_view scheme = "http://";
    auto slash = url.find('/', scheme.size());
    auto colon = url.find(':', scheme.size());
    if (!url.starts_with(scheme) || slash == std::string::npos || colon > slash)
        give_up("expected http://ADDRESS:PORT/PATH, not " + url);
    Target target;
    target.address.sin_family = AF_INET;
    target.address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url.c_str() + colon + 1)));
    auto host = url.substr(scheme.size(), colon - scheme.size());
    if (::inet_pton(AF_INET, host.c_str(), &target.address.sin_addr) != 1)
        give_up("not an IPv4 address: " + host);
    target.request = "POST " + url.substr(slash) +
                     " HTTP/1.1\r\nHost: " + url.substr(scheme.size(), slash - scheme.size()) +
                     "\r\nContent-Type: application/json\r\n";
    for (const auto& line : headers)
        target.request += line + "\r\n";
    target.request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    return target;
}

int open_connection(const Target& target) {
    int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0)
        give_up("no more sockets: raise the descriptor limit");
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
    if (::connect(socket, address, sizeof target.address) != 0 && errno != EINPROGRESS)
        give_up("cannot connect");
    return socket;
}

bool ReplyEnd::feed(std::string_view bytes) {
    if (left_ < 0) {
        head_ += bytes;
        auto end = head_.find("\r\n\r\n");
        if (end == std::string::npos)
            return false;
        auto head = lowered(head_.substr(0, end));
        status_ = static_cast<int>(number_at(head, "http/1.1 "));
        left_ = number_at(head, "content-length: ");
        if (left_ < 0)
            give_up("a plain reply without Content-Length:\n" + head);
        left_ -= static_cast<std::int64_t>(head_.size() - end - 4);
    } else {
        left_ -= static_cast<std::int64_t>(bytes.size());
    }
    if (left_ < 0)
        give_up("more bytes than the reply has");
    return left_ == 0;
}

void ReplyEnd::reset() {
    head_.clear();
    left_ = -1;
    status_ = 0;
}

void StreamEnd::read_status() {
    constexpr std::string_view good = "HTTP/1.1 200 ";
    if (opened_ || tail_.size() < good.size())
        return;
    opened_ = true;
    failed_ = !tail_.starts_with(good);
}

std::int64_t StreamEnd::read_event(std::string_view event) {
    auto data = event.find("data: ");
    if (data == std::string_view::npos) {
        failed_ = true;
        return 0;
    }
    ++chunks_;
    ended_ = ended_ || event.find("[DONE]", data) != std::string_view::npos;
    auto stamp = number_at(event.substr(data), R"("content":")");
    return std::max<std::int64_t>(stamp, 0);
}

std::int64_t quantile(std::vector<std::int64_t>& values, double q) {
    if (values.empty())
        return 0;
    auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

}  // namespace obliv::bench
