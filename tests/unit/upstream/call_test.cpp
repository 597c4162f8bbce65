#include "tests/unit/upstream/rig.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <sys/socket.h>

using namespace obliv;
using namespace obliv::upstream;
using namespace obliv::upstream::test;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

loop::Task<Result<std::string>> post_large(Pool& pool, Endpoint endpoint, std::string body) {
    auto head =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    std::string_view pieces[] = {head, body};
    Timeouts timeouts;
    auto call = co_await pool.open(endpoint, "POST", pieces, timeouts);
    if (!call)
        co_return call.error();
    auto all = co_await call->read_all(1U << 24);
    if (!all)
        co_return all.error();
    co_return std::to_string(call->status()) + " " + std::string(*all);
}

loop::Task<Result<void>> open_and_drop(Pool& pool, Endpoint endpoint) {
    std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    auto pieces = std::span<const std::string_view>(&request, 1);
    Timeouts timeouts;
    auto call = co_await pool.open(endpoint, "GET", pieces, timeouts);
    if (!call)
        co_return call.error();
    co_return ok();
}

void answer_all(Peer& peer) {
    while (!peer.request().empty())
        peer.send(sized("hello"));
}

}  // namespace

TEST_CASE("a kept connection is used again", "[upstream]") {
    FakeUpstream upstream(answer_all);
    Rig rig;
    for (int i = 0; i < 3; ++i) {
        auto reply = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/a"));
        REQUIRE(reply);
        CHECK(reply->status == 200);
        CHECK(reply->body == "hello");
        CHECK(reply->type == "text/plain");
        CHECK(rig.pool.idle() == 1);
    }
    CHECK(rig.pool.connected() == 1);
    CHECK(upstream.connections == 1);
    rig.pool.clear();
}

TEST_CASE("chunked replies come with and without their framing", "[upstream]") {
    FakeUpstream upstream([](Peer& peer) {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        peer.send("5\r\nhello\r\n1\r\n \r\n");
        peer.request();  // never comes: ends when the client has closed
    });
    FakeUpstream complete([](Peer& peer) {
        while (!peer.request().empty())
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    });
    Rig rig;
    auto reply = run(rig.loop, fetch(rig.pool, complete.endpoint(), "/"));
    REQUIRE(reply);
    CHECK(reply->body == "hello world");
    CHECK_THAT(reply->raw, EndsWith("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"));
    CHECK(rig.pool.idle() == 1);
    Timeouts timeouts;
    timeouts.idle = 100ms;
    auto silent = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/", timeouts));
    REQUIRE_FALSE(silent);
    CHECK(silent.error().code == Code::upstream_timeout);
    rig.pool.clear();
}

TEST_CASE("a reply cut anywhere reads the same", "[upstream]") {
    std::string text = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                       "Content-Type: x\r\n\r\n3\r\nabc\r\n10;e=1\r\n0123456789abcdef\r\n0\r\n\r\n";
    for (std::size_t cut = 1; cut < text.size(); cut += 3) {
        FakeUpstream upstream([&text, cut](Peer& peer) {
            peer.request();
            peer.send(text.substr(0, cut));
            peer.send(text.substr(cut));
            peer.request();
        });
        Rig rig;
        auto reply = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
        REQUIRE(reply);
        CHECK(reply->body == "abc0123456789abcdef");
        CHECK(reply->type == "x");
        rig.pool.clear();
    }
}

TEST_CASE("a close ends a reply only where that is its end", "[upstream]") {
    FakeUpstream old([](Peer& peer) {
        peer.request();
        peer.send("HTTP/1.0 200 OK\r\n\r\nall of it");
    });
    FakeUpstream broken([](Peer& peer) {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all");
    });
    FakeUpstream reset([](Peer& peer) {
        peer.request();
        peer.send("HTTP/1.0 200 OK\r\n\r\nhalf");
        peer.reset();
    });
    FakeUpstream silent([](Peer& peer) { peer.request(); });
    Rig rig;
    auto whole = run(rig.loop, fetch(rig.pool, old.endpoint(), "/"));
    REQUIRE(whole);
    CHECK(whole->body == "all of it");
    CHECK(rig.pool.idle() == 0);
    for (auto* each : {&broken, &reset, &silent}) {
        auto failed = run(rig.loop, fetch(rig.pool, each->endpoint(), "/"));
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == Code::upstream_failed);
        CHECK_THAT(failed.error().message, Contains("127.0.0.1") && Contains("closed"));
    }
}

TEST_CASE("a kept connection that has died is replaced once", "[upstream]") {
    std::atomic<int> served{0};
    FakeUpstream upstream([&served](Peer& peer) {
        // Each connection serves one request and is closed without a word at the next.
        if (!peer.request().empty()) {
            ++served;
            peer.send(sized("one"));
        }
        peer.request();
    });
    Rig rig;
    for (int i = 0; i < 3; ++i) {
        auto reply = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
        REQUIRE(reply);
        CHECK(reply->body == "one");
    }
    CHECK(served == 3);
    CHECK(rig.pool.connected() == 3);
    rig.pool.clear();
}

TEST_CASE("bytes that follow a reply never answer the next call", "[upstream]") {
    std::promise<void> was_read;
    std::promise<void> strayed;
    int served = 0;
    FakeUpstream upstream([&](Peer& peer) {
        if (served++ > 0)
            return answer_all(peer);
        peer.request();
        peer.send(sized("hello"));
        was_read.get_future().wait_for(5s);
        peer.send(sized("not for you"));
        strayed.set_value();
        peer.closed_by_client();
    });
    Rig rig;
    auto reply = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
    REQUIRE(reply);
    CHECK(reply->body == "hello");
    was_read.set_value();
    REQUIRE(strayed.get_future().wait_for(5s) == std::future_status::ready);
    REQUIRE(run(rig.loop, turn(rig.loop)));  // what has arrived is seen when the loop turns
    auto next = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
    REQUIRE(next);
    CHECK(next->body == "hello");
    CHECK(rig.pool.connected() == 2);
    rig.pool.clear();
}

TEST_CASE("a request that the upstream may have heard is not sent twice", "[upstream]") {
    std::atomic<int> heard{0};
    FakeUpstream upstream([&heard](Peer& peer) {
        peer.request();
        peer.send(sized("one"));
        if (peer.request().empty())
            return;
        ++heard;
        peer.send("HTTP/1.1 200 OK\r\nContent-");
    });
    Rig rig;
    REQUIRE(run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/")));
    auto second = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::upstream_failed);
    CHECK(heard == 1);
    CHECK(rig.pool.connected() == 1);
}

TEST_CASE("nobody listening is an upstream failure that names the host", "[upstream]") {
    Endpoint endpoint;
    {
        FakeUpstream gone([](Peer&) {});
        endpoint = gone.endpoint();
    }
    Rig rig;
    auto failed = run(rig.loop, fetch(rig.pool, endpoint, "/"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::upstream_failed);
    CHECK_THAT(failed.error().message, Contains("127.0.0.1") && Contains("refused"));
}

TEST_CASE("time-outs say what was waited for", "[upstream]") {
    FakeUpstream upstream([](Peer& peer) {
        peer.request();
        peer.request();
    });
    Rig rig;
    Timeouts first;
    first.first_byte = 100ms;
    auto late = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/", first));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Code::upstream_timeout);
    CHECK_THAT(late.error().message, Contains("not answered within 100ms"));
    Timeouts total;
    total.total = 100ms;
    auto never = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/", total));
    REQUIRE_FALSE(never);
    CHECK(never.error().code == Code::upstream_timeout);
}

TEST_CASE("a call can be cancelled while it waits", "[upstream]") {
    FakeUpstream upstream([](Peer& peer) {
        auto request = peer.request();
        if (request.find("/stream") != std::string::npos)
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        peer.closed_by_client();
    });
    Rig rig;
    for (const char* path : {"/silent", "/stream"}) {
        Cancel cancel;
        loop::Timer soon(
            rig.loop.timers(), [](void* self) { static_cast<Cancel*>(self)->cancel(); }, &cancel);
        soon.arm(rig.loop.now() + 100ms);
        auto failed =
            run(rig.loop, fetch(rig.pool, upstream.endpoint(), path, Timeouts{}, &cancel));
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == Code::cancelled);
        CHECK(rig.pool.idle() == 0);
    }
    Cancel before;
    before.cancel();
    auto never = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/", Timeouts{}, &before));
    REQUIRE_FALSE(never);
    CHECK(never.error().code == Code::cancelled);
}

TEST_CASE("a call dropped before its end closes its connection", "[upstream]") {
    std::atomic<bool> closed{false};
    FakeUpstream upstream([&closed](Peer& peer) {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        closed = peer.closed_by_client();
    });
    Rig rig;
    REQUIRE(run(rig.loop, open_and_drop(rig.pool, upstream.endpoint())));
    CHECK(rig.pool.idle() == 0);
    auto end = std::chrono::steady_clock::now() + 5s;
    while (!closed && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    CHECK(closed);
}

TEST_CASE("large bodies go both ways whole", "[upstream]") {
    FakeUpstream upstream([](Peer& peer) {
        auto request = peer.request();
        peer.send(sized(request.substr(request.find("\r\n\r\n") + 4)));
        peer.request();
    });
    std::string body;
    for (int i = 0; body.size() < 3'000'000; ++i)
        body += std::to_string(i) + ",";
    Rig rig;
    auto reply = run(rig.loop, post_large(rig.pool, upstream.endpoint(), body));
    REQUIRE(reply);
    CHECK(*reply == "200 " + body);
    rig.pool.clear();
}

TEST_CASE("a malformed reply is a failure of the upstream", "[upstream]") {
    for (const char* bad : {"HTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
        FakeUpstream upstream([bad](Peer& peer) {
            peer.request();
            peer.send(bad);
            peer.request();
        });
        Rig rig;
        auto failed = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == Code::upstream_failed);
    }
}

TEST_CASE("idle connections are bounded in number and in time", "[upstream]") {
    FakeUpstream upstream(answer_all);
    PoolOptions none;
    none.idle_max_per_endpoint = 0;
    Rig bounded(none);
    REQUIRE(run(bounded.loop, fetch(bounded.pool, upstream.endpoint(), "/")));
    CHECK(bounded.pool.idle() == 0);
    PoolOptions brief;
    brief.idle_expiry = 100ms;
    Rig rig(brief);
    REQUIRE(run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/")));
    CHECK(rig.pool.idle() == 1);
    auto end = rig.loop.now() + 1s;
    while (rig.pool.idle() > 0 && rig.loop.now() < end)
        rig.loop.timers().advance(rig.loop.now());
    CHECK(rig.pool.idle() == 0);
}

TEST_CASE("IPv6 addresses are reached", "[upstream]") {
    FakeUpstream upstream(answer_all, "::1");
    Rig rig;
    auto reply = run(rig.loop, fetch(rig.pool, upstream.endpoint(), "/"));
    REQUIRE(reply);
    CHECK(reply->body == "hello");
    rig.pool.clear();
}

TEST_CASE("names are looked up", "[upstream]") {
    FakeUpstream upstream(answer_all);
    Rig rig;
    auto endpoint = upstream.endpoint();
    endpoint.host = "localhost";
    auto reply = run(rig.loop, fetch(rig.pool, endpoint, "/"));
    REQUIRE(reply);
    CHECK(reply->body == "hello");
    rig.pool.clear();
    endpoint.host = "no-such-host.invalid";
    auto unknown = run(rig.loop, fetch(rig.pool, endpoint, "/"));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == Code::upstream_failed);
    CHECK_THAT(unknown.error().message, Contains("no-such-host.invalid"));
}
