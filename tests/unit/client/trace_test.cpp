#include "core/client/trace.hpp"

#include <catch2/catch.hpp>

using obliv::client::redacted;

TEST_CASE("credentials never reach a trace", "[client]") {
    for (auto name : {"Authorization", "proxy-authorization", "X-API-Key", "api-key", "Cookie",
                      "Set-Cookie", "x-goog-api-key"}) {
        auto line = redacted(std::string(name) + ": Bearer sk-secret");
        CHECK(line == std::string(name) + ": ***");
    }
}

TEST_CASE("keys in a query are taken out and the rest stays", "[client]") {
    CHECK(redacted("GET /v1/models?key=abc&limit=2 HTTP/1.1") ==
          "GET /v1/models?key=***&limit=2 HTTP/1.1");
    CHECK(redacted("GET /x?a=b&token=abc HTTP/1.1") == "GET /x?a=b&token=*** HTTP/1.1");
    CHECK(redacted("GET /x?flag&key=abc") == "GET /x?flag&key=***");
    CHECK(redacted("GET /x?monkey=see HTTP/1.1") == "GET /x?monkey=see HTTP/1.1");
    CHECK(redacted("Content-Type: text/plain") == "Content-Type: text/plain");
}

TEST_CASE("control bytes in a head are made visible", "[client]") {
    CHECK(redacted("Server: \x1b[31mred").find('\x1b') == std::string::npos);
}
