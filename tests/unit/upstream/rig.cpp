#include "tests/unit/upstream/rig.hpp"

#include "core/loop/yield.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace obliv::upstream::test {

long Peer::receive(char* into, std::size_t size) {
    if (ssl_ != nullptr)
        return SSL_read(ssl_, into, static_cast<int>(size));
    return ::recv(descriptor_, into, size, 0);
}

std::string Peer::request() {
    char bytes[65536];
    for (;;) {
        auto end = buffer_.find("\r\n\r\n");
        if (end != std::string::npos) {
            std::size_t length = 0;
            auto at = buffer_.find("Content-Length: ");
            if (at < end)
                std::from_chars(buffer_.data() + at + 16, buffer_.data() + end, length);
            if (buffer_.size() >= end + 4 + length) {
                auto text = buffer_.substr(0, end + 4 + length);
                buffer_.erase(0, text.size());
                return text;
            }
        }
        auto got = receive(bytes, sizeof bytes);
        if (got <= 0)
            return {};
        buffer_.append(bytes, static_cast<std::size_t>(got));
    }
}

void Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        auto sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                    : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool Peer::closed_by_client() {
    char byte = 0;
    auto got = receive(&byte, 1);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

void Peer::reset() {
    linger now{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

FakeUpstream::FakeUpstream(Script script, const char* address)
    : script_(std::move(script)), address_(address) {
    bool is_v6 = address_.find(':') != std::string::npos;
    listener_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 v6{};
    sockaddr_in v4{};
    v6.sin6_family = AF_INET6;
    v4.sin_family = AF_INET;
    inet_pton(AF_INET6, address, &v6.sin6_addr);
    inet_pton(AF_INET, address, &v4.sin_addr);
    auto* at = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    auto size = static_cast<socklen_t>(is_v6 ? sizeof v6 : sizeof v4);
    REQUIRE(::bind(listener_, at, size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    REQUIRE(::getsockname(listener_, at, &size) == 0);
    port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    thread_ = std::thread([this] { run(); });
}

FakeUpstream::~FakeUpstream() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

void FakeUpstream::run() {
    for (;;) {
        int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0)
            return;
        timeval patience{5, 0};
        ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        ++connections;
        Peer peer(descriptor);
        script_(peer);
        ::close(descriptor);
    }
}

Endpoint FakeUpstream::endpoint() const {
    Endpoint endpoint;
    endpoint.host = address_;
    endpoint.port = port_;
    return endpoint;
}

loop::Task<Result<int>> turn(loop::Loop& loop) {
    co_await loop::yield(loop);
    co_return 0;
}

loop::Task<Result<Reply>> fetch(Pool& pool, Endpoint endpoint, std::string path, Timeouts timeouts,
                                Cancel* cancel) {
    auto text = "GET " + endpoint.target_prefix() + path +
                " HTTP/1.1\r\nHost: " + endpoint.host_header() + "\r\n\r\n";
    std::string_view piece = text;
    auto request = std::span<const std::string_view>(&piece, 1);
    auto call = co_await pool.open(endpoint, "GET", request, timeouts, cancel);
    if (!call)
        co_return call.error();
    Reply reply;
    reply.status = call->status();
    reply.type = std::string(call->head().headers.find("content-type").value_or(""));
    for (bool last = false; !last;) {
        auto read = co_await call->next();
        if (!read)
            co_return read.error();
        const auto* chunk = &call->chunk();
        reply.raw += chunk->raw;
        for (auto part : chunk->payload)
            reply.body += part;
        ++reply.chunks;
        reply.whole += chunk->whole_chunks ? 1 : 0;
        last = chunk->last;
    }
    co_return reply;
}

std::string sized(std::string_view body, std::string_view more) {
    std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ";
    text.append(std::to_string(body.size())).append("\r\n").append(more).append("\r\n");
    return text.append(body);
}

}  // namespace obliv::upstream::test
