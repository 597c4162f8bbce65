#include "daemon/relay/rate_headers.hpp"

#include "core/http/head.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

namespace {

std::pair<std::int64_t, std::int64_t> left(const std::string& lines) {
    http::ResponseHead head;
    auto text = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n" + lines + "\r\n";
    auto parsed = http::parse_response_head(text, "POST", {}, head);
    REQUIRE(parsed);
    auto window = relay::window_of(head.headers);
    return {window.requests.value_or(-1), window.tokens.value_or(-1)};
}

}  // namespace

TEST_CASE("rate limits are told in the words of several providers", "[relay]") {
    CHECK(left("") == std::pair<std::int64_t, std::int64_t>{-1, -1});
    CHECK(left("x-ratelimit-remaining-requests: 59\r\nX-RateLimit-Remaining-Tokens: 14999\r\n") ==
          std::pair<std::int64_t, std::int64_t>{59, 14999});
    CHECK(left("anthropic-ratelimit-requests-remaining: 4\r\n"
               "anthropic-ratelimit-tokens-remaining: 0\r\n") ==
          std::pair<std::int64_t, std::int64_t>{4, 0});
    CHECK(left("X-Ratelimit-Remaining-Input-Tokens: 77\r\n") ==
          std::pair<std::int64_t, std::int64_t>{-1, 77});
    CHECK(left("x-ratelimit-remaining-requests: many\r\nx-ratelimit-remaining-tokens: -3\r\n") ==
          std::pair<std::int64_t, std::int64_t>{-1, -1});
}
