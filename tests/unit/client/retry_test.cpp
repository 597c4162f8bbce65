#include "core/client/retry.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace std::chrono_literals;

namespace {

client::Response reply(int status, std::string_view header = {}, std::string_view value = {}) {
    client::Response response;
    response.status = status;
    if (!header.empty())
        response.headers.emplace_back(header, value);
    return response;
}

}  // namespace

TEST_CASE("Retry-After is read in both its forms", "[client]") {
    CHECK(client::retry_after(reply(429, "Retry-After", " 3 ")) == 3000ms);
    CHECK(client::retry_after(reply(429, "retry-after-ms", "20")) == 20ms);
    CHECK_FALSE(client::retry_after(reply(429, "Retry-After", "soon")));
    CHECK_FALSE(client::retry_after(reply(429, "Retry-After", "-1")));
    CHECK_FALSE(client::retry_after(reply(429, "Retry-After", "9223372036854775807")));
    CHECK_FALSE(client::retry_after(reply(429)));
}

TEST_CASE("only what is safe is worth repeating", "[client]") {
    client::Request get;
    client::Request create;
    create.repeatable = false;
    for (int status : {429, 502, 503, 504})
        CHECK(client::worth_repeating(get, reply(status)));
    for (int status : {200, 400, 401, 404, 409, 500})
        CHECK_FALSE(client::worth_repeating(get, reply(status)));
    CHECK(client::worth_repeating(create, reply(429)));
    CHECK(client::worth_repeating(create, reply(503)));
    CHECK_FALSE(client::worth_repeating(create, reply(502)));
    CHECK_FALSE(client::worth_repeating(create, reply(504)));
}

TEST_CASE("an exhausted quota is not waited for", "[client]") {
    auto response = reply(429);
    response.body = R"({"error":{"code":"quota_exhausted"}})";
    CHECK_FALSE(client::worth_repeating({}, response));
}

TEST_CASE("pauses double, stay under their limit and are spread", "[client]") {
    CHECK(client::pause_before(2, 0) == 250ms);
    CHECK(client::pause_before(3, 0) == 500ms);
    CHECK(client::pause_before(9, 0) == 8000ms);
    CHECK(client::pause_before(2, 125) == 125ms);
    for (std::uint64_t random : {1ULL, 77ULL, ~0ULL}) {
        CHECK(client::pause_before(4, random) >= 500ms);
        CHECK(client::pause_before(4, random) <= 1000ms);
    }
}
