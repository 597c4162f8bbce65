#include "core/http/head.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace obliv;
using namespace obliv::http;

namespace {

Result<Parse> parse(std::string_view bytes, RequestHead& head, const HeadLimits& limits = {}) {
    return parse_request_head(bytes, limits, head);
}

std::string request(std::string_view line, std::string_view headers = "") {
    std::string text(line);
    return text.append("\r\nHost: h\r\n").append(headers).append("\r\n");
}

}  // namespace

TEST_CASE("a request head is read into views of its bytes", "[http]") {
    std::string text = "POST /v1/chat%20x?key=a&b=c HTTP/1.1\r\nHost: api.example.com:8490\r\n"
                       "Content-Length: 12\r\nX-Empty:\r\nx-spaced: \t a b \t\r\n\r\nbody";
    RequestHead head;
    auto parsed = parse(text, head);
    REQUIRE(parsed);
    CHECK(*parsed == Parse::complete);
    CHECK(head.method == "POST");
    CHECK(head.path == "/v1/chat%20x");
    CHECK(head.query == "key=a&b=c");
    CHECK(head.minor_version == 1);
    CHECK(head.content_length == 12U);
    CHECK(head.keep_alive);
    CHECK_FALSE(head.chunked);
    CHECK(text.substr(head.size) == "body");
    CHECK(head.headers.size() == 4);
    CHECK(head.headers.find("HOST") == "api.example.com:8490");
    CHECK(head.headers.find("X-Empty") == "");
    CHECK(head.headers.find("X-SPACED") == "a b");
    CHECK_FALSE(head.headers.find("x-none"));
    CHECK(head.method.data() == text.data());
}

TEST_CASE("keep-alive follows version and Connection", "[http]") {
    struct Case {
        const char* version;
        const char* header;
        bool kept;
    };
    for (auto each : {Case{"1.1", "", true}, Case{"1.1", "Connection: close\r\n", false},
                      Case{"1.1", "Connection: x, CLOSE\r\n", false},
                      Case{"1.1", "Connection: closed\r\n", true}, Case{"1.0", "", false},
                      Case{"1.0", "Connection: Keep-Alive\r\n", true},
                      Case{"1.0", "Connection: keep-alive, close\r\n", false}}) {
        RequestHead head;
        INFO(each.version << " " << each.header);
        REQUIRE(parse(request("GET / HTTP/" + std::string(each.version), each.header), head));
        CHECK(head.keep_alive == each.kept);
    }
}

TEST_CASE("targets come in the forms of RFC 9112", "[http]") {
    RequestHead head;
    auto absolute = request("GET http://h/p?q=1 HTTP/1.1");
    REQUIRE(parse(absolute, head));
    CHECK(head.path == "/p");
    CHECK(head.query == "q=1");
    auto authority = request("GET http://h HTTP/1.1");
    REQUIRE(parse(authority, head));
    CHECK(head.path == "/");
    CHECK(head.query.empty());
    auto asterisk = request("OPTIONS * HTTP/1.1");
    REQUIRE(parse(asterisk, head));
    CHECK(head.path == "*");
    auto blank = "\r\n" + request("GET /after-blank HTTP/1.1");
    REQUIRE(parse(blank, head));
    CHECK(head.path == "/after-blank");
    CHECK(head.size == blank.size());
    std::string old = "GET / HTTP/1.0\r\n\r\n";
    REQUIRE(parse(old, head));
    CHECK(head.minor_version == 0);
    auto chunked = request("POST / HTTP/1.1", "Transfer-Encoding: Chunked\r\n"
                                              "Expect: 100-Continue\r\n");
    REQUIRE(parse(chunked, head));
    CHECK(head.chunked);
    CHECK(head.expect_continue);
}

TEST_CASE("ambiguous or malformed requests are refused", "[http]") {
    const std::vector<std::string> bad = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
        request("GET / HTTP/1.2"),
        request("GET / HTTP/2.0"),
        request("GET / http/1.1"),
        request("GET / HTTP/1.1 "),
        request("GET /"),
        request("G@T / HTTP/1.1"),
        request(std::string(33, 'M') + " / HTTP/1.1"),
        request("GET x HTTP/1.1"),
        request("GET * HTTP/1.1"),
        request("GET /a\x7f HTTP/1.1"),
        request("GET /\xc3\xa9 HTTP/1.1"),
        request("GET /a#b HTTP/1.1"),
        request("CONNECT h:80 HTTP/1.1"),
        request("GET / HTTP/1.1", "X : y\r\n"),
        request("GET / HTTP/1.1", "X\r\n"),
        request("GET / HTTP/1.1", ": y\r\n"),
        request("GET / HTTP/1.1", "X: a\r\n folded\r\n"),
        request("GET / HTTP/1.1", "X: a\r\n\tfolded\r\n"),
        request("GET / HTTP/1.1", std::string("X: a\0b\r\n", 8)),
        request("GET / HTTP/1.1", "X: a\rb\r\n"),
        request("GET / HTTP/1.1", "X: a\x01\r\n"),
        request("GET / HTTP/1.1", "X(y): a\r\n"),
        request("POST / HTTP/1.1", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
        request("POST / HTTP/1.1", "Content-Length: 1\r\nContent-Length: 2\r\n"),
        request("POST / HTTP/1.1", "Content-Length: 1, 1\r\n"),
        request("POST / HTTP/1.1", "Content-Length: -1\r\n"),
        request("POST / HTTP/1.1", "Content-Length: +1\r\n"),
        request("POST / HTTP/1.1", "Content-Length: 0x1\r\n"),
        request("POST / HTTP/1.1", "Content-Length:\r\n"),
        request("POST / HTTP/1.1", "Content-Length: 18446744073709551616\r\n"),
        request("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\n"),
        request("POST / HTTP/1.1", "Transfer-Encoding: identity\r\n"),
        request("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        request("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"),
        request("POST / HTTP/1.1", "Expect: magic\r\n"),
        "\x16\x03\x01\x02\x00\x01",
    };
    for (const auto& text : bad) {
        INFO(text);
        RequestHead head;
        auto parsed = parse(text, head);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Code::invalid_request);
    }
    RequestHead head;
    REQUIRE(parse(request("POST / HTTP/1.1", "Content-Length: 2\r\nContent-Length: 2\r\n"), head));
    CHECK(head.content_length == 2U);
}

TEST_CASE("heads over a limit are told apart from malformed ones", "[http]") {
    RequestHead head;
    HeadLimits limits{200, 3};
    std::string name(150, 'n');
    CHECK(parse(request("GET / HTTP/1.1", "X: " + name + "\r\n"), head, limits));
    auto large = parse(request("GET / HTTP/1.1", "X: " + name + name + "\r\n"), head, limits);
    REQUIRE_FALSE(large);
    CHECK(large.error().code == Code::header_too_large);
    // Also when the end has not come, or it never would.
    auto endless = parse("GET /" + std::string(300, 'x'), head, limits);
    REQUIRE_FALSE(endless);
    CHECK(endless.error().code == Code::header_too_large);
    CHECK(parse(request("GET / HTTP/1.1", "a: b\r\na: b\r\n"), head, limits));
    auto many = parse(request("GET / HTTP/1.1", "a: b\r\na: b\r\na: b\r\n"), head, limits);
    REQUIRE_FALSE(many);
    CHECK(many.error().code == Code::header_too_large);
    HeadLimits wide{1'000'000, 1'000'000};
    std::string headers;
    for (std::size_t i = 0; i < Headers::capacity; ++i)
        headers += "a: b\r\n";
    CHECK(parse(request("GET / HTTP/1.1", headers), head, wide).error().code ==
          Code::header_too_large);
    CHECK(parse(request("GET / HTTP/1.1", "X: " + std::string(70'000, 'x') + "\r\n"), head, wide)
              .error()
              .code == Code::header_too_large);
}

TEST_CASE("any prefix of a good head asks for more", "[http]") {
    auto text = request("POST /a?b HTTP/1.1", "Content-Length: 3\r\nAccept: */*\r\n");
    for (std::size_t size = 0; size < text.size(); ++size) {
        RequestHead head;
        auto parsed = parse(std::string_view(text).substr(0, size), head);
        REQUIRE(parsed);
        CHECK(*parsed == Parse::need_more);
    }
}

TEST_CASE("mutated heads never crash, and prefixes agree with the whole", "[http]") {
    std::uint64_t seed = 20261122;
    INFO("seed " << seed);
    Random random(seed);
    constexpr std::string_view alphabet = "\r\n\t :/?#%=,\x01\x80z0A;";
    auto base = request("POST http://x/a?b=c HTTP/1.1",
                        "Content-Length: 3\r\nConnection: keep-alive\r\nX-Y: z\r\n");
    for (int round = 0; round < 20'000; ++round) {
        auto text = base;
        for (auto edits = random.below(4); edits-- > 0;) {
            auto at = random.below(text.size());
            char c = alphabet[random.below(alphabet.size())];
            if (random.below(3) == 0)
                text.erase(at, 1 + random.below(3));
            else if (random.below(2) == 0)
                text.insert(at, 1, c);
            else
                text[at] = c;
        }
        RequestHead whole;
        auto full = parse(text, whole);
        bool complete = full && *full == Parse::complete;
        if (!complete)
            continue;
        // What is behind the head must not change how it reads, and no prefix may be complete.
        RequestHead again;
        auto cut = random.below(whole.size);
        auto shorter = parse(std::string_view(text).substr(0, cut), again);
        REQUIRE(shorter);
        REQUIRE(*shorter == Parse::need_more);
        auto exact = parse(std::string_view(text).substr(0, whole.size), again);
        REQUIRE(exact);
        REQUIRE(*exact == Parse::complete);
        REQUIRE(again.path == whole.path);
        REQUIRE(again.headers.size() == whole.headers.size());
    }
}

TEST_CASE("a reply's body ends where RFC 9112 says", "[http]") {
    struct Case {
        const char* text;
        const char* method;
        BodyEnd end;
        bool kept;
    };
    for (auto each :
         {Case{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "GET", BodyEnd::length, true},
          Case{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", BodyEnd::none, true},
          Case{"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", BodyEnd::chunked, true},
          Case{"HTTP/1.1 200 OK\r\n\r\n", "GET", BodyEnd::close, false},
          Case{"HTTP/1.1 204 No\r\n\r\n", "GET", BodyEnd::none, true},
          Case{"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", "GET", BodyEnd::none, true},
          Case{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD", BodyEnd::none, true},
          Case{"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", "GET", BodyEnd::length, false},
          Case{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n", "GET",
               BodyEnd::length, false},
          Case{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
               "GET", BodyEnd::length, true}}) {
        INFO(each.text);
        ResponseHead head;
        auto parsed = parse_response_head(each.text, each.method, HeadLimits{}, head);
        REQUIRE(parsed);
        REQUIRE(*parsed == Parse::complete);
        CHECK(head.body == each.end);
        CHECK(head.keep_alive == each.kept);
        CHECK(head.size == std::string_view(each.text).size());
    }
}

TEST_CASE("replies that cannot be trusted are refused", "[http]") {
    for (const char* bad :
         {"HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
          "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1 101 Switch\r\n\r\n",
          "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "ICY 200 OK\r\n\r\n"}) {
        INFO(bad);
        ResponseHead head;
        auto parsed = parse_response_head(bad, "GET", HeadLimits{}, head);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Code::upstream_failed);
    }
}
