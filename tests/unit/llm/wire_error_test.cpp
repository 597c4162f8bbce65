#include "core/llm/wire_error.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using Json = nlohmann::json;

namespace {

Json rendered(ErrorShape shape, const Error& error) {
    auto body = Json::parse(error_body(shape, error, "req-1"), nullptr, false);
    REQUIRE(body.is_object());
    return body;
}

}  // namespace

TEST_CASE("the management shape names class, code, field and request", "[llm]") {
    auto error = fail(Code::not_found, "no token \"x\"");
    auto body = rendered(ErrorShape::management, error);
    CHECK(body == Json{{"error",
                        {{"type", "not_found"},
                         {"code", "not_found"},
                         {"message", "no token \"x\""},
                         {"param", nullptr},
                         {"request_id", "req-1"}}}});
    error.param = "name";
    error.hint = "list them";
    body = rendered(ErrorShape::management, error);
    CHECK(body["error"]["param"] == "name");
    CHECK(body["error"]["hint"] == "list them");
}

TEST_CASE("the OpenAI shape has its four fields and its types", "[llm]") {
    auto shape = [](Code code) {
        auto body = rendered(ErrorShape::openai, fail(code, "m"));
        REQUIRE(body["error"].size() == 4);
        CHECK(body["error"]["param"].is_null());
        auto& name = body["error"]["code"];
        return body["error"]["type"].get<std::string>() + "/" +
               (name.is_null() ? "null" : name.get<std::string>());
    };
    CHECK(shape(Code::invalid_request) == "invalid_request_error/null");
    CHECK(shape(Code::unauthenticated) == "authentication_error/invalid_api_key");
    CHECK(shape(Code::forbidden) == "permission_error/null");
    CHECK(shape(Code::model_not_found) == "invalid_request_error/model_not_found");
    CHECK(shape(Code::payload_too_large) == "invalid_request_error/null");
    CHECK(shape(Code::rate_limited) == "rate_limit_error/rate_limit_exceeded");
    CHECK(shape(Code::quota_exhausted) == "insufficient_quota/insufficient_quota");
    CHECK(shape(Code::overloaded) == "server_error/overloaded");
    CHECK(shape(Code::no_channel) == "server_error/overloaded");
    CHECK(shape(Code::upstream_failed) == "api_error/upstream_error");
    CHECK(shape(Code::upstream_timeout) == "api_error/timeout");
    CHECK(shape(Code::upstream_credentials) == "api_error/upstream_credentials_exhausted");
    CHECK(shape(Code::refused) == "invalid_request_error/content_filter");
    CHECK(shape(Code::internal) == "server_error/internal_error");
}

TEST_CASE("Anthropic and Gemini clients get their own words and numbers", "[llm]") {
    auto overloaded = fail(Code::overloaded, "m");
    CHECK(rendered(ErrorShape::anthropic, overloaded) ==
          Json{{"type", "error"},
               {"error", {{"type", "overloaded_error"}, {"message", "m"}}},
               {"request_id", "req-1"}});
    CHECK(status_of(ErrorShape::anthropic, overloaded) == 529);
    CHECK(status_of(ErrorShape::openai, overloaded) == 503);
    CHECK(status_of(ErrorShape::anthropic, fail(Code::quota_exhausted, "m")) == 402);
    CHECK(rendered(ErrorShape::gemini, fail(Code::quota_exhausted, "m")) ==
          Json{{"error", {{"code", 429}, {"message", "m"}, {"status", "RESOURCE_EXHAUSTED"}}}});
}

TEST_CASE("the provider's refusal of our key never looks like the client's fault", "[llm]") {
    auto error = fail(Code::upstream_credentials, "m");
    for (auto shape :
         {ErrorShape::management, ErrorShape::openai, ErrorShape::anthropic, ErrorShape::gemini})
        CHECK(status_of(shape, error) == 502);
}

TEST_CASE("every code renders in every shape, also with broken text", "[llm]") {
    for (const auto& row : all_codes())
        for (auto shape : {ErrorShape::management, ErrorShape::openai, ErrorShape::anthropic,
                           ErrorShape::gemini})
            CHECK(rendered(shape, fail(row.code, "bad \xff byte\n\"quoted\"")).contains("error"));
}
