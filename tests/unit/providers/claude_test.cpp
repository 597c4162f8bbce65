#include "core/base/time_format.hpp"
#include "core/providers/anthropic.hpp"
#include "core/providers/bedrock.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/bedrock.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::providers;

namespace {

std::string header(const std::vector<std::pair<std::string, std::string>>& headers,
                   std::string_view name) {
    for (const auto& [key, value] : headers)
        if (key == name)
            return value;
    return "";
}

Outgoing outgoing() {
    Outgoing out;
    out.method = "POST";
    out.host = "bedrock-runtime.eu-west-1.amazonaws.com";
    out.target = "/model/m%3A0/converse";
    out.body_digest = sha256("{}");
    return out;
}

}  // namespace

TEST_CASE("Anthropic is asked where its SDK asks, with its version", "[providers]") {
    Endpoint endpoint{"https://api.anthropic.com", Secret("sk-ant-1")};
    const auto* chat = chat_offer(anthropic, &wire::anthropic);
    REQUIRE(chat != nullptr);
    CHECK(path_of(*chat, "claude", true) == "/v1/messages");
    CHECK(find_offer(anthropic, Operation::count_tokens) == nullptr);  // oblivd counts by itself
    auto headers = headers_of(anthropic, endpoint);
    CHECK(header(headers, "x-api-key") == "sk-ant-1");
    CHECK(header(headers, "anthropic-version") == "2023-06-01");
    CHECK(header(headers, "authorization").empty());
}

TEST_CASE("Bedrock's host, path and signature follow from key and model", "[providers]") {
    Endpoint endpoint{std::string(bedrock.default_base_url), Secret("AKIA1|secret|eu-west-1")};
    CHECK(*base_url_of(bedrock, endpoint) == "https://bedrock-runtime.eu-west-1.amazonaws.com");
    const auto* chat = chat_offer(bedrock, nullptr);
    REQUIRE(chat != nullptr);
    CHECK(chat->wire == &wire::bedrock);
    CHECK(path_of(*chat, "us.claude-v1:0", false) == "/model/us.claude-v1%3A0/converse");
    CHECK(path_of(*chat, "us.claude-v1:0", true) == "/model/us.claude-v1%3A0/converse-stream");
    CHECK(headers_of(bedrock, endpoint).empty());

    auto now = parse_rfc3339("2026-11-22T08:00:00Z");
    REQUIRE(now);
    auto out = outgoing();
    REQUIRE(bedrock.sign(endpoint, *now, out));
    CHECK(header(out.headers, "x-amz-date") == "20261122T080000Z");
    auto authorization = header(out.headers, "authorization");
    CHECK(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIA1/20261122/eu-west-1/bedrock/"
                                    "aws4_request, SignedHeaders=host;x-amz-date, Signature="));
    // Every part of the request counts.
    auto other = outgoing();
    other.body_digest = sha256("{ }");
    REQUIRE(bedrock.sign(endpoint, *now, other));
    CHECK(header(other.headers, "authorization") != authorization);
}

TEST_CASE("a Bedrock API key is sent as it is, to a base URL with a region", "[providers]") {
    Endpoint endpoint{"https://bedrock-runtime.us-east-1.amazonaws.com", Secret("bedrock-api-key")};
    CHECK(*base_url_of(bedrock, endpoint) == endpoint.base_url);
    auto out = outgoing();
    REQUIRE(bedrock.sign(endpoint, WallTime{}, out));
    CHECK(header(out.headers, "authorization") == "Bearer bedrock-api-key");
    endpoint.base_url = bedrock.default_base_url;
    CHECK(!base_url_of(bedrock, endpoint));
    endpoint.key = Secret("AKIA1|secret");
    CHECK(!base_url_of(bedrock, endpoint));
    CHECK(!bedrock.sign(endpoint, WallTime{}, out));
}
