#include "daemon/relay/credential.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;

namespace {

std::string credential(std::string_view target, std::string_view headers) {
    auto text =
        "POST " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n";
    http::RequestHead head;
    auto parsed = http::parse_request_head(text, {}, head);
    REQUIRE(parsed);
    REQUIRE(*parsed == http::Parse::complete);
    std::string room;
    return std::string(credential_of(head, room));
}

}  // namespace

TEST_CASE("a key is found wherever an SDK puts it", "[relay]") {
    CHECK(credential("/", "Authorization: Bearer sk-1\r\n") == "sk-1");
    CHECK(credential("/", "authorization: bearer   sk-1  \r\n") == "sk-1");
    CHECK(credential("/", "x-api-key: sk-2\r\n") == "sk-2");
    CHECK(credential("/", "X-Goog-Api-Key: sk-3\r\n") == "sk-3");
    CHECK(credential("/", "api-key: sk-4\r\n") == "sk-4");
    CHECK(credential("/v1?a=b&key=sk%2D5", "") == "sk-5");
    CHECK(credential("/", "").empty());
}

TEST_CASE("the header goes before the query, and another scheme is no key", "[relay]") {
    CHECK(credential("/?key=sk-q", "Authorization: Bearer sk-1\r\nx-api-key: sk-2\r\n") == "sk-1");
    CHECK(credential("/", "Authorization: Basic c2stMQ==\r\n").empty());
    CHECK(credential("/", "Authorization: Basic c2stMQ==\r\nx-api-key: sk-2\r\n") == "sk-2");
    CHECK(credential("/", "Authorization: sk-1\r\n").empty());
}
