#include "daemon/upstream/connection.hpp"
#include "daemon/upstream/guard.hpp"
#include "daemon/upstream/tls.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace obliv::upstream {
namespace {

using Status = loop::Io::Status;

}  // namespace

loop::Task<Result<void>> Connection::connect() {
    set_deadline(timeouts_.connect, "no connection");
    const auto& endpoint = shelf_.endpoint;
    const auto& proxy = endpoint.proxy;
    bool proxied = !proxy.host.empty();
    auto host = proxied ? proxy.host : endpoint.host;
    auto port = proxied ? proxy.port : endpoint.port;
    auto addresses = co_await resolve(host, port);
    if (!addresses)
        co_return addresses.error();
    auto found = std::move(*addresses);
    if (endpoint.guard) {
        // These very addresses are connected to: a name that changes its mind changes nothing.
        found = endpoint.guard->permitted(host, std::move(found));
        if (found.empty())
            co_return failure(Code::forbidden, "has no address that may be reached from here");
    }
    auto connected = co_await connect_any(std::move(found));
    if (!connected || !endpoint.tls)
        co_return connected;
    if (proxied) {
        auto tunnel = co_await open_tunnel();
        if (!tunnel)
            co_return tunnel;
    }
    co_return co_await secure();
}

loop::Task<Result<std::vector<Address>>> Connection::resolve(std::string host, std::uint16_t port) {
    auto numeric = Resolver::numeric(host, port);
    if (!numeric.empty())
        co_return numeric;
    if (interrupted())
        co_return interruption();
    loop::Event arrived(loop_);
    auto whose = shelf_.endpoint.guard ? Resolver::Whose::callers : Resolver::Whose::operators;
    auto answer = resolver_.look_up(loop_, host, port, whose);
    if (!answer->done) {
        answer->on_done = [&arrived] { arrived.notify(); };
        look_up_ = &arrived;
        co_await arrived.until(SteadyTime::max());
        look_up_ = nullptr;
        answer->on_done = nullptr;
    }
    if (interrupted())
        co_return interruption();
    if (answer->found.empty())
        co_return failure(Code::upstream_failed,
                          "cannot find the address of " + host + ": " + answer->error);
    co_return std::move(answer->found);
}

/// Tries the addresses in turn. Each gets its share of the time that is left, so that a dead first
/// one leaves some for the others.
loop::Task<Result<void>> Connection::connect_any(std::vector<Address> addresses) {
    auto end = deadline_;
    int last = 0;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (end != SteadyTime::max()) {
            auto now = loop_.now();
            deadline_ = now + (end - now) / static_cast<std::int64_t>(addresses.size() - i);
            arm_timer();
        }
        if (interrupted())
            co_return interruption();
        last = co_await connect_to(addresses[i]);
        if (last == 0) {
            deadline_ = end;
            arm_timer();
            co_return ok();
        }
        if (timed_out_ && i + 1 < addresses.size())
            timed_out_ = false;
    }
    if (interrupted())
        co_return interruption();
    co_return failure(Code::upstream_failed, std::string("cannot connect: ") + std::strerror(last));
}

loop::Task<int> Connection::connect_to(Address address) {
    int descriptor =
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        co_return errno;
    wire_.socket() = loop::Socket(loop_, descriptor);
    int one = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(descriptor, target, address.size) == 0)
        co_return 0;
    if (errno != EINPROGRESS)
        co_return errno;
    bool ready = co_await loop::writable(wire_.socket());
    if (!ready)
        co_return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    co_return error;
}

loop::Task<Result<void>> Connection::open_tunnel() {
    const auto& endpoint = shelf_.endpoint;
    auto host =
        endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
    auto authority = host + ":" + std::to_string(endpoint.port);
    auto text = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!endpoint.proxy.authorization.empty())
        text += "Proxy-Authorization: " + endpoint.proxy.authorization + "\r\n";
    text += "\r\n";
    std::string_view piece = text;
    auto pieces = std::span<const std::string_view>(&piece, 1);
    auto until = deadline_;
    auto sent = co_await send(pieces);
    if (!sent)
        co_return sent;
    http::ResponseHead head;
    auto parsed = http::Parse::need_more;
    begin_ = end_ = 0;
    deadline_ = until;
    arm_timer();
    while (parsed == http::Parse::need_more) {
        if (in_)
            make_room();
        auto got = co_await fill();
        if (!got)
            co_return got.error();
        if (!*got)
            co_return failure(Code::upstream_failed, "the proxy closed the connection");
        auto result = http::parse_response_head(input(), "CONNECT", limits_, head);
        if (!result)
            co_return failure(Code::upstream_failed, "the proxy: " + result.error().message);
        parsed = *result;
    }
    if (head.status < 200 || head.status > 299)
        co_return failure(Code::upstream_failed,
                          "the proxy refused with status " + std::to_string(head.status));
    if (head.size != end_)
        co_return failure(Code::upstream_failed, "the proxy sent something into the tunnel");
    in_.release();
    begin_ = end_ = 0;
    heard_ = last_full_ = false;
    co_return ok();
}

loop::Task<Result<void>> Connection::secure() {
    auto context = tls_.context();
    if (!context)
        co_return context.error();
    auto started = wire_.start_tls(*context, shelf_.endpoint.host, shelf_.session.get());
    if (!started)
        co_return started;
    for (;;) {
        auto step = wire_.handshake();
        if (step.done())
            break;
        if (step.status != Status::would_block)
            co_return failure(Code::upstream_failed, "TLS: " + wire_.tls_reason());
        auto waited = co_await wait(step.want_write);
        if (!waited)
            co_return waited;
    }
    fresh_tls_ = true;
    co_return ok();
}

}  // namespace obliv::upstream
