#include "daemon/server/reply_head.hpp"

#include "core/loop/event.hpp"
#include "tests/unit/server/rig.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::server;
using namespace obliv::server::test;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

/// Three pieces, one of them framed already.
loop::Task<Result<void>> stream(Exchange& exchange) {
    exchange.release_request();
    std::span<const http::Header> none;
    exchange.start(200, "text/event-stream", none);
    auto first = co_await exchange.write("one");
    if (!first)
        co_return first;
    auto second = co_await exchange.write_framed("3\r\ntwo\r\n1\r\n!\r\n");
    if (!second)
        co_return second;
    co_return co_await exchange.finish("three");
}

/// Waits as a relay waits for its upstream: until the client has gone.
loop::Task<Result<void>> wait_for_hang_up(Exchange& exchange) {
    loop::Event gone(exchange.loop());
    exchange.on_client_gone([&gone] { gone.notify(); });
    co_await gone.until(SteadyTime::max());
    if (exchange.client_gone())
        co_return fail(Code::cancelled, "the client hung up");
    if (exchange.stopping())
        co_return fail(Code::unavailable, "stopping");
    co_return fail(Code::internal, "woken for nothing");
}

loop::Task<Result<void>> wait_or_echo(Exchange& exchange) {
    if (exchange.path() == "/wait")
        co_return co_await wait_for_hang_up(exchange);
    co_return co_await echo(exchange);
}

loop::Task<Result<void>> fail_somehow(Exchange& exchange) {
    if (exchange.path() == "/throw")
        throw std::runtime_error("secret detail");
    if (exchange.path() == "/silent")
        co_return ok();
    co_return fail(Code::rate_limited, "slow down");
}

loop::Task<Result<void>> break_off(Exchange& exchange) {
    std::span<const http::Header> none;
    exchange.start(200, "text/plain", none);
    auto sent = co_await exchange.write("part");
    if (!sent)
        co_return sent;
    co_return fail(Code::upstream_failed, "broke off");
}

loop::Task<Result<void>> flood(Exchange& exchange) {
    std::span<const http::Header> none;
    exchange.start(200, "text/plain", none);
    std::string block(1 << 20, 'x');
    for (;;) {
        auto sent = co_await exchange.write(block);
        if (!sent)
            co_return sent;
    }
}

std::string numbers() {
    std::string text;
    for (int i = 0; text.size() < 8'000'000; ++i)
        text += std::to_string(i) + ",";
    return text;
}

loop::Task<Result<void>> count(Exchange& exchange) {
    auto body = numbers();
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, "text/plain", none, body);
}

void start_beaten(void* owner) {
    std::span<const http::Header> none;
    static_cast<Exchange*>(owner)->start(200, "text/event-stream", none, std::nullopt);
}

constexpr Pulse quick{": beat\n\n", 100ms, start_beaten};

/// Silent until it is ended from outside, before its reply or in the middle of one.
loop::Task<Result<void>> beaten(Exchange& exchange) {
    bool begins = exchange.path() == "/begun";
    exchange.set_pulse(&quick, &exchange);
    if (begins) {
        start_beaten(&exchange);
        auto sent = co_await exchange.write("one");
        if (!sent)
            co_return sent;
    }
    loop::Event over(exchange.loop());
    exchange.on_client_gone([&over] { over.notify(); });
    co_await over.until(SteadyTime::max());
    if (exchange.client_gone())
        co_return fail(Code::cancelled, "the client hung up");
    co_return co_await exchange.finish("end");
}

std::string body_of(const std::string& reply) {
    return reply.substr(reply.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("a stream is chunked and ends with the last chunk", "[server]") {
    Rig rig(stream);
    Client client(rig.port);
    for (int i = 0; i < 2; ++i) {
        REQUIRE(client.send(get("/")));
        auto reply = client.read_until("\r\n0\r\n\r\n");
        CHECK_THAT(reply, Contains("transfer-encoding: chunked\r\n"));
        CHECK(body_of(reply) == "3\r\none\r\n3\r\ntwo\r\n1\r\n!\r\n5\r\nthree\r\n0\r\n\r\n");
    }
    CHECK(eventually([&rig] { return rig.service.ended_count == 2; }));
}

TEST_CASE("silence is filled by beats, before a reply and in the middle of one", "[server]") {
    Rig rig(beaten);
    constexpr auto beat = "8\r\n: beat\n\n\r\n";
    for (std::string path : {"/silent", "/begun"}) {
        Client client(rig.port);
        REQUIRE(client.send(get(path)));
        auto reply = client.read_until(beat);
        CHECK_THAT(reply, StartsWith("HTTP/1.1 200 "));
        CHECK(body_of(reply) == (path == "/begun" ? "3\r\none\r\n" : "") + std::string(beat));
        CHECK(client.read_until(beat) == beat);
        client.close();
    }
    CHECK(eventually([&rig] { return rig.service.ended_count == 2; }));
}

TEST_CASE("beats end with the reply", "[server]") {
    Rig rig(beaten);
    Client client(rig.port);
    REQUIRE(client.send(get("/")));
    client.read_until(": beat\n\n\r\n");
    rig.server.cancel_all();
    bool closed = false;
    auto rest = client.read_all(closed);
    CHECK(closed);
    CHECK_THAT(rest, EndsWith("3\r\nend\r\n0\r\n\r\n"));
}

TEST_CASE("an HTTP/1.0 client gets a stream without framing", "[server]") {
    Rig rig(stream);
    Client client(rig.port);
    REQUIRE(client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    bool closed = false;
    auto reply = client.read_all(closed);
    CHECK(closed);
    CHECK_THAT(reply, !Contains("chunked") && Contains("connection: close"));
    CHECK(body_of(reply) == "onetwo!three");
}

TEST_CASE("HTTP/1.0 keeps a connection only when asked to", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    CHECK_THAT(client.read_reply(), Contains("connection: keep-alive") && EndsWith("GET /a "));
    REQUIRE(client.send("GET /b HTTP/1.0\r\n\r\n"));
    bool closed = false;
    CHECK_THAT(client.read_all(closed), Contains("connection: close") && EndsWith("GET /b "));
    CHECK(closed);
}

TEST_CASE("HEAD gets the head only", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n" + get("/g")));
    // The length of what GET would have got.
    CHECK_THAT(client.read_until("\r\n\r\n"), Contains("content-length: 7\r\n"));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 OK") && EndsWith("GET /g "));
}

TEST_CASE("HEAD of a stream leaves its body and its framing out", "[server]") {
    Rig rig(stream);
    Client client(rig.port);
    REQUIRE(client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/", "Connection: close\r\n")));
    CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
    bool closed = false;
    CHECK_THAT(client.read_all(closed), StartsWith("HTTP/1.1 200 OK") && EndsWith("0\r\n\r\n"));
    CHECK(closed);
}

TEST_CASE("Connection: close is obeyed", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send(get("/", "Connection: close\r\n")));
    bool closed = false;
    CHECK_THAT(client.read_all(closed), Contains("connection: close\r\n"));
    CHECK(closed);
}

TEST_CASE("an error before the reply is rendered, an exception hidden", "[server]") {
    Rig rig(fail_somehow);
    Client client(rig.port);
    REQUIRE(client.send(get("/limit")));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 429 ") && Contains("slow down"));
    REQUIRE(client.send(get("/throw")));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 500 ") && !Contains("secret detail"));
    REQUIRE(client.send(get("/silent")));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 500 "));
    // The body of a refused request that has arrived already is skipped.
    REQUIRE(client.send(post("/limit", "0123456789") + get("/limit")));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 429 "));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 429 "));
    CHECK(eventually([&rig] { return rig.service.ended_count == 5; }));
    CHECK(rig.service.last_status == 429);
}

TEST_CASE("an error in mid-stream closes without the last chunk", "[server]") {
    Rig rig(break_off);
    Client client(rig.port);
    REQUIRE(client.send(get("/")));
    bool closed = false;
    CHECK(body_of(client.read_all(closed)) == "4\r\npart\r\n");
    CHECK(closed);
}

TEST_CASE("a client that leaves is noticed while its request is served", "[server]") {
    Rig rig(wait_for_hang_up);
    Client polite(rig.port);
    Client rude(rig.port);
    REQUIRE(polite.send(get("/")));
    REQUIRE(rude.send(post("/", "body")));
    REQUIRE(eventually([&rig] { return rig.server.exchanges() == 2; }));
    polite.close();
    rude.reset();
    CHECK(eventually([&rig] { return rig.service.ended_count == 2; }));
    CHECK(rig.service.last_status == 0);
    CHECK(eventually([&rig] { return rig.server.connections() == 0; }));
}

TEST_CASE("a pipelined request does not look like a hang-up", "[server]") {
    Rig rig(wait_or_echo);
    Client client(rig.port);
    REQUIRE(client.send(get("/wait")));
    REQUIRE(eventually([&rig] { return rig.server.exchanges() == 1; }));
    REQUIRE(client.send(get("/second")));
    rig.server.cancel_all();
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 503 "));
}

TEST_CASE("a client that does not read is given up", "[server]") {
    Limits limits;
    limits.write_timeout = 100ms;
    Rig rig(flood, limits);
    Client client(rig.port);
    REQUIRE(client.send(get("/")));
    CHECK(eventually([&rig] { return rig.service.ended_count == 1; }));
    CHECK(eventually([&rig] { return rig.server.connections() == 0; }));
}

TEST_CASE("a large reply arrives whole through a narrow socket", "[server]") {
    Rig rig(count);
    Client client(rig.port);
    REQUIRE(client.send(get("/")));
    CHECK(body_of(client.read_reply()) == numbers());
}

TEST_CASE("draining closes idle connections and lets the busy ones finish", "[server]") {
    Rig rig(wait_or_echo);
    Client idle(rig.port);
    Client busy(rig.port);
    REQUIRE(idle.send(get("/")));
    CHECK_THAT(idle.read_reply(), StartsWith("HTTP/1.1 200 "));
    REQUIRE(eventually([&rig] { return rig.server.exchanges() == 0; }));
    REQUIRE(busy.send(get("/wait")));
    REQUIRE(eventually([&rig] { return rig.server.exchanges() == 1; }));
    rig.server.stop_accepting();
    CHECK(idle.closed_by_server());
    CHECK_FALSE(Client(rig.port).connected());
    CHECK(eventually([&rig] { return rig.server.connections() == 1; }));
    rig.server.cancel_all();
    CHECK_THAT(busy.read_reply(), StartsWith("HTTP/1.1 503 ") && Contains("connection: close"));
    CHECK(eventually([&rig] { return rig.server.connections() == 0; }));
}

TEST_CASE("who was let in before a drain is still answered, once", "[server]") {
    Rig rig(wait_or_echo);
    Client fresh(rig.port);
    REQUIRE(eventually([&rig] { return rig.server.connections() == 1; }));
    rig.server.stop_accepting();
    REQUIRE(fresh.send(get("/")));
    CHECK_THAT(fresh.read_reply(), StartsWith("HTTP/1.1 200 ") && Contains("connection: close"));
    CHECK(fresh.closed_by_server());
    CHECK(eventually([&rig] { return rig.server.connections() == 0; }));
}

TEST_CASE("a reply head holds nothing that ends a line", "[server]") {
    http::Header headers[] = {{"x-good", "yes"},
                              {"x-bad", "a\r\nset-cookie: b"},
                              {"bad name", "x"},
                              {"Content-Length", "3"},
                              {"", "x"}};
    auto text = reply_head_text({200, "text/plain", headers, "id", 5});
    CHECK_THAT(text, Contains("x-good: yes\r\n") && Contains("content-length: 5\r\n"));
    CHECK_THAT(text, !Contains("set-cookie") && !Contains("bad name") && !Contains(": 3\r\n"));
    CHECK_THAT(text, EndsWith("\r\n\r\n"));
}
