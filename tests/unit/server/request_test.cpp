#include "tests/unit/server/rig.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace obliv;
using namespace obliv::server;
using namespace obliv::server::test;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

loop::Task<Result<void>> measure_body(Exchange& exchange) {
    auto body = co_await exchange.read_body();
    if (!body)
        co_return body.error();
    // Reads what simdjson reads; AddressSanitizer objects when it is not there.
    volatile char last = 0;
    for (std::size_t i = 0; i < 64; ++i)
        last = *(body->data() + body->size() + i);
    (void)last;
    bool right = body->find_first_not_of('b') == std::string_view::npos;
    auto text = std::to_string(body->size()) + (right ? " right" : " wrong");
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, "text/plain", none, text);
}

}  // namespace

TEST_CASE("a request is answered and the connection kept", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    for (int i = 0; i < 3; ++i) {
        REQUIRE(client.send(post("/a", "hello")));
        auto reply = client.read_reply();
        CHECK_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
        CHECK_THAT(reply, EndsWith("POST /a hello"));
        CHECK_THAT(reply, Contains("x-request-id: ") && Contains("date: "));
        CHECK_THAT(reply, !Contains("connection: close"));
    }
    CHECK(rig.server.connections() == 1);
}

TEST_CASE("pipelined requests are answered in order", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    std::string all;
    auto filler = [](int i) { return std::string(static_cast<std::size_t>(i * 7), 'x'); };
    for (int i = 0; i < 50; ++i)
        all += post("/" + std::to_string(i), filler(i));
    REQUIRE(client.send(all));
    for (int i = 0; i < 50; ++i)
        CHECK_THAT(client.read_reply(), EndsWith("POST /" + std::to_string(i) + " " + filler(i)));
}

TEST_CASE("a request may come byte by byte", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    for (char c : post("/slow", "body"))
        REQUIRE(client.send(std::string_view(&c, 1)));
    CHECK_THAT(client.read_reply(), EndsWith("POST /slow body"));
}

TEST_CASE("bodies of every size arrive whole, with padding behind them", "[server]") {
    Rig rig(measure_body);
    Client client(rig.port);
    for (std::size_t size : {1UL, 4000UL, 4096UL, 5000UL, 65'536UL, 300'000UL, 5'000'000UL}) {
        REQUIRE(client.send(post("/", std::string(size, 'b'))));
        CHECK_THAT(client.read_reply(), EndsWith(std::to_string(size) + " right"));
    }
}

TEST_CASE("a chunked body is decoded, and the request behind it is served", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    REQUIRE(client.send(head + "5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\n\r\n" + get("/n")));
    CHECK_THAT(client.read_reply(), EndsWith("POST /c hello world"));
    CHECK_THAT(client.read_reply(), EndsWith("GET /n "));

    std::string large(200'000, 'z');
    REQUIRE(client.send(head + "30d40\r\n" + large.substr(0, 100'000)));
    REQUIRE(client.send(large.substr(100'000) + "\r\n0\r\nTrailer: t\r\n\r\n"));
    CHECK_THAT(client.read_reply(), EndsWith("POST /c " + large));
    REQUIRE(client.send(head + "zz\r\n"));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 400 "));
}

TEST_CASE("a client that expects 100-continue is invited once", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send("POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                        "Expect: 100-continue\r\n\r\n"));
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    REQUIRE(client.send("body"));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 OK") && EndsWith("POST /e body"));
}

TEST_CASE("a body over the limit is refused before it is sent", "[server]") {
    Limits limits;
    limits.body_bytes_max = 100;
    Rig rig(echo, limits);
    Client declared(rig.port);
    REQUIRE(declared.send("POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n"
                          "Expect: 100-continue\r\n\r\n"));
    auto reply = declared.read_reply();
    CHECK_THAT(reply, StartsWith("HTTP/1.1 413 ") && Contains("connection: close") &&
                          Contains("payload_too_large") && Contains("limit of 100 bytes"));
    Client chunked(rig.port);
    REQUIRE(chunked.send("POST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "65\r\n" +
                         std::string(101, 'x')));
    CHECK_THAT(chunked.read_reply(), StartsWith("HTTP/1.1 413 "));
}

TEST_CASE("the reply to a refused upload survives what the client still sends", "[server]") {
    Limits limits;
    limits.body_bytes_max = 100;
    Rig rig(echo, limits);
    Client client(rig.port);
    // All of it is sent before the reply is read: a close without reading would reset it away.
    REQUIRE(client.send(post("/", std::string(500'000, 'x'))));
    client.shut_writing();
    bool closed = false;
    CHECK_THAT(client.read_all(closed), StartsWith("HTTP/1.1 413 "));
    CHECK(closed);
}

TEST_CASE("what is no HTTP is answered with 400 and closed", "[server]") {
    Rig rig(echo);
    for (const char* bad : {"GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                            "GET / HTTP/1.1\r\n\r\n", "GET /\r\n\r\n", "\x16\x03\x01\x02",
                            "GET / HTTP/2.0\r\nHost: x\r\n\r\n"}) {
        Client client(rig.port);
        REQUIRE(client.send(bad));
        auto reply = client.read_reply();
        CHECK_THAT(reply, StartsWith("HTTP/1.1 400 ") && Contains("connection: close") &&
                              Contains("x-request-id: "));
        client.shut_writing();
        CHECK(client.closed_by_server());
    }
}

TEST_CASE("a head over its limits is answered with 431", "[server]") {
    Limits limits;
    limits.head.bytes_max = 8192;
    limits.head.headers_max = 20;
    Rig rig(echo, limits);
    Client large(rig.port);
    REQUIRE(large.send(get("/", "X: " + std::string(8192, 'x') + "\r\n")));
    CHECK_THAT(large.read_reply(), StartsWith("HTTP/1.1 431 "));
    Client many(rig.port);
    std::string headers;
    for (int i = 0; i < 20; ++i)
        headers += "a: b\r\n";
    REQUIRE(many.send(get("/", headers)));
    CHECK_THAT(many.read_reply(), StartsWith("HTTP/1.1 431 "));
    Client fits(rig.port);
    REQUIRE(fits.send(get("/", "X: " + std::string(8000, 'x') + "\r\n")));
    CHECK_THAT(fits.read_reply(), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a head or a body that stalls is answered with 408", "[server]") {
    Limits limits;
    limits.head_timeout = 100ms;
    limits.body_timeout = 100ms;
    Rig rig(echo, limits);
    Client head(rig.port);
    REQUIRE(head.send("GET / HT"));
    CHECK_THAT(head.read_reply(), StartsWith("HTTP/1.1 408 "));
    Client body(rig.port);
    REQUIRE(body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"));
    CHECK_THAT(body.read_reply(), StartsWith("HTTP/1.1 408 ") && Contains("connection: close"));
}

TEST_CASE("a body slower than the lowest rate is answered with 408, however often it says a byte",
          "[server]") {
    Limits limits;
    limits.body_timeout = 300ms;
    limits.body_rate_min = 1 << 20;
    Rig rig(echo, limits);
    Client client(rig.port);
    REQUIRE(client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"));
    // A byte every few milliseconds: without the rate that would go on for an hour.
    std::thread drip([&client] { eventually([&client] { return !client.send("x"); }); });
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 408 "));
    drip.join();
}

TEST_CASE("silent connections are closed without a word", "[server]") {
    Limits limits;
    limits.head_timeout = 100ms;
    limits.idle_timeout = 100ms;
    Rig rig(echo, limits);
    Client fresh(rig.port);
    CHECK(fresh.closed_by_server());
    Client used(rig.port);
    REQUIRE(used.send(get("/")));
    CHECK_THAT(used.read_reply(), StartsWith("HTTP/1.1 200 "));
    bool closed = false;
    CHECK(used.read_all(closed).empty());
    CHECK(closed);
    CHECK(eventually([&rig] { return rig.server.connections() == 0; }));
}

TEST_CASE("a client that half-closes with its request is answered and closed", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send(get("/half")));
    client.shut_writing();
    bool closed = false;
    CHECK_THAT(client.read_all(closed), EndsWith("GET /half "));
    CHECK(closed);
}

TEST_CASE("a connection that idled for long still serves", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send(get("/1")));
    CHECK_THAT(client.read_reply(), EndsWith("GET /1 "));
    // Several ticks later the server waits without a buffer: a path of its own.
    std::atomic<bool> later{false};
    loop::Timer timer(
        rig.loops[0].timers(), [](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; },
        &later);
    rig.loops.on_each([&timer](loop::Loop& loop) { timer.arm(loop.now() + 200ms); });
    REQUIRE(eventually([&later] { return later.load(); }));
    REQUIRE(client.send(get("/2")));
    CHECK_THAT(client.read_reply(), EndsWith("GET /2 "));
}

TEST_CASE("a sane request id is kept and another replaced", "[server]") {
    Rig rig(echo);
    Client client(rig.port);
    REQUIRE(client.send(get("/", "X-Request-Id: abc-1.2_3\r\n")));
    CHECK_THAT(client.read_reply(), Contains("x-request-id: abc-1.2_3\r\n"));
    for (const char* odd : {"with space", "semi;colon", ""}) {
        REQUIRE(client.send(get("/", "X-Request-Id: " + std::string(odd) + "\r\n")));
        auto reply = client.read_reply();
        auto id = reply.substr(reply.find("x-request-id: ") + 14);
        CHECK(id.find("\r\n") == 26);
    }
}
