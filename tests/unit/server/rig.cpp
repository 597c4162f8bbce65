#include "tests/unit/server/rig.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace obliv::server::test {
namespace {

void limit_waits(int descriptor) {
    timeval patience{5, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

}  // namespace

ErrorReply TestService::render(const Error& error, const Exchange&) {
    ErrorReply reply;
    reply.status = info(error.code).http_status;
    reply.content_type = "text/plain";
    reply.body = std::string(info(error.code).name) + ": " + error.message;
    return reply;
}

void TestService::ended(const Exchange& exchange, const Error*) {
    last_status = exchange.status();
    ++ended_count;
}

Rig::Rig(TestService::Serve serve, const Limits& limits, Bodies* kept)
    : bodies(kept), service(std::move(serve)), server(loops, {&service}, limits, kept) {
    auto bound = server.listen_tcp("127.0.0.1", 0, "api");
    REQUIRE(bound);
    port = *bound;
    loops.start();
    server.start();
}

Rig::~Rig() {
    server.stop_accepting();
    server.close_all();
    if (bodies != nullptr)
        bodies->stop();
    loops.stop();
    loops.join();
}

Client::Client(std::uint16_t port, const char* address) {
    sockaddr_in6 v6{};
    sockaddr_in v4{};
    bool is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    inet_pton(AF_INET, address, &v4.sin_addr);
    descriptor_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    limit_waits(descriptor_);
    auto* to = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    auto size = static_cast<socklen_t>(is_v6 ? sizeof v6 : sizeof v4);
    if (::connect(descriptor_, to, size) != 0)
        close();
}

Client::Client(const std::string& unix_path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    unix_path.copy(to.sun_path, sizeof to.sun_path - 1);
    descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    limit_waits(descriptor_);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
        close();
}

Client::~Client() {
    close();
}

void Client::close() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
    descriptor_ = -1;
}

void Client::reset() {
    linger now{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Client::shut_writing() {
    ::shutdown(descriptor_, SHUT_WR);
}

bool Client::more() {
    char bytes[16384];
    auto got = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (got <= 0)
        return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
}

std::string Client::read_until(std::string_view end) {
    for (;;) {
        auto found = buffer_.find(end);
        if (found != std::string::npos) {
            auto text = buffer_.substr(0, found + end.size());
            buffer_.erase(0, text.size());
            return text;
        }
        if (!more())
            return std::exchange(buffer_, {});
    }
}

std::string Client::read_reply() {
    auto head = read_until("\r\n\r\n");
    auto at = head.find("content-length: ");
    std::size_t length = 0;
    if (at != std::string::npos)
        std::from_chars(head.data() + at + 16, head.data() + head.size(), length);
    while (buffer_.size() < length && more()) {
    }
    auto body = buffer_.substr(0, length);
    buffer_.erase(0, body.size());
    return head + body;
}

std::string Client::read_all(bool& closed) {
    errno = 0;
    while (more()) {
    }
    closed = errno != EAGAIN;
    return std::exchange(buffer_, {});
}

bool Client::closed_by_server() {
    bool closed = false;
    read_all(closed);
    return closed;
}

bool eventually(const std::function<bool()>& condition) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::yield();
    }
    return true;
}

std::string get(std::string_view path, std::string_view more) {
    std::string text = "GET ";
    text.append(path).append(" HTTP/1.1\r\nHost: x\r\n").append(more).append("\r\n");
    return text;
}

std::string post(std::string_view path, std::string_view body, std::string_view more) {
    std::string text = "POST ";
    text.append(path).append(" HTTP/1.1\r\nHost: x\r\nContent-Length: ");
    text.append(std::to_string(body.size())).append("\r\n").append(more).append("\r\n");
    return text.append(body);
}

loop::Task<Result<void>> echo(Exchange& exchange) {
    auto body = co_await exchange.read_body();
    if (!body)
        co_return body.error();
    auto text = std::string(exchange.method()) + " " + std::string(exchange.path()) + " " +
                std::string(*body);
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, "text/plain", none, text);
}

}  // namespace obliv::server::test
