#include "daemon/upstream/connection.hpp"
#include "daemon/upstream/tls.hpp"

#include <boost/asio/ip/address.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace obliv::upstream {
namespace {

using asio::ip::tcp;
using Status = loop::Io::Status;

/// A name look-up under way. Shared with Asio's resolver thread's callback, because getaddrinfo
/// cannot be interrupted: whoever stops waiting leaves it behind.
struct LookUp {
    explicit LookUp(const asio::any_io_executor& executor) : resolver(executor), wake(executor) {
        wake.expires_at(asio::steady_timer::time_point::max());
    }
    tcp::resolver resolver;
    asio::steady_timer wake;
    std::vector<tcp::endpoint> found;
    boost::system::error_code error;
    bool done = false;
};

void look_up(const std::shared_ptr<LookUp>& look, const std::string& host, std::uint16_t port) {
    look->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [look](boost::system::error_code error, const tcp::resolver::results_type& results) {
            look->error = error;
            for (const auto& result : results)
                look->found.push_back(result.endpoint());
            look->done = true;
            look->wake.cancel();
        });
}

}  // namespace

asio::awaitable<Result<void>> Connection::connect() {
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

asio::awaitable<Result<std::vector<tcp::endpoint>>> Connection::resolve(std::string host,
                                                                        std::uint16_t port) {
    boost::system::error_code not_numeric;
    auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric)
        co_return std::vector<tcp::endpoint>(1, tcp::endpoint(address, port));
    if (interrupted())
        co_return interruption();
    auto look = std::make_shared<LookUp>(loop_.executor());
    look_up(look, host, port);
    look_up_ = &look->wake;
    auto token = asio::as_tuple(asio::deferred);
    auto [woken] = co_await look->wake.async_wait(token);
    static_cast<void>(woken);
    look_up_ = nullptr;
    if (interrupted())
        co_return interruption();
    if (!look->done || look->error || look->found.empty())
        co_return failure(Code::upstream_failed,
                          "cannot find the address of " + host + ": " + look->error.message());
    co_return std::move(look->found);
}

/// Tries the addresses in turn. Each gets its share of the time that is left, so that a dead first
/// one leaves some for the others.
asio::awaitable<Result<void>> Connection::connect_any(std::vector<tcp::endpoint> addresses) {
    auto end = deadline_;
    boost::system::error_code last;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (end != SteadyTime::max()) {
            auto now = loop_.now();
            deadline_ = now + (end - now) / static_cast<std::int64_t>(addresses.size() - i);
            arm_timer();
        }
        if (interrupted())
            co_return interruption();
        loop::close(wire_.socket());
        asio::generic::stream_protocol::endpoint target(addresses[i]);
        boost::system::error_code failed;
        wire_.socket().open(target.protocol(), failed);
        if (!failed) {
            auto token = asio::as_tuple(asio::deferred);
            auto [error] = co_await wire_.socket().async_connect(target, token);
            failed = error;
        }
        if (!failed) {
            int one = 1;
            ::setsockopt(wire_.socket().native_handle(), IPPROTO_TCP, TCP_NODELAY, &one,
                         sizeof one);
            deadline_ = end;
            arm_timer();
            co_return ok();
        }
        last = failed;
        if (timed_out_ && i + 1 < addresses.size())
            timed_out_ = false;
    }
    if (interrupted())
        co_return interruption();
    co_return failure(Code::upstream_failed, "cannot connect: " + last.message());
}

asio::awaitable<Result<void>> Connection::open_tunnel() {
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

asio::awaitable<Result<void>> Connection::secure() {
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
