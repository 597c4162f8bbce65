#include "daemon/relay/upstream_error.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::relay;
using namespace std::chrono_literals;

TEST_CASE("a status tells whose fault it is", "[relay]") {
    CHECK(verdict_on(200) == Verdict::accepted);
    for (int status : {400, 404, 413, 422})
        CHECK(verdict_on(status) == Verdict::callers);
    for (int status : {401, 402, 403})
        CHECK(verdict_on(status) == Verdict::key);
    for (int status : {204, 205, 301, 302, 304, 307, 408, 409, 425, 429, 500, 502, 503, 529})
        CHECK(verdict_on(status) == Verdict::channel);
}

TEST_CASE("a refusal that another model may not share is known in each provider's words",
          "[relay]") {
    for (
        std::string_view said :
        {R"({"error":{"code":"context_length_exceeded"}})",
         R"({"error":{"message":"This model's maximum context length is 8192 tokens."}})",
         R"({"error":{"code":"content_policy_violation"}})",
         R"({"error":{"code":"content_filter","innererror":{}}})",
         R"({"type":"error","error":{"message":"prompt is too long: 210000 tokens > 200000"}})",
         R"({"error":{"message":"input length and `max_tokens` exceed context limit: 9 + 9"}})",
         R"({"error":{"message":"The input token count (9) exceeds the maximum number of tokens"}})",
         R"({"message":"Input is too long for requested model."})",
         R"({"message":"too many tokens: total number of tokens cannot exceed 4081"})",
         R"({"code":"InvalidParameter","message":"Range of input length should be [1, 9]"})",
         R"({"code":"DataInspectionFailed","message":"Input data may contain ..."})"}) {
        INFO(said);
        CHECK(asks_for_other_model(said));
    }
    CHECK_FALSE(asks_for_other_model(R"({"error":{"message":"temperature is too high"}})"));
    CHECK_FALSE(asks_for_other_model(""));
}

TEST_CASE("our key's trouble never becomes the caller's", "[relay]") {
    auto error = refusal(
        "eu", 401,
        R"({"error":{"message":"Incorrect API key provided: sk-abcdefghijklmnopqrstuvwxyz123456"}})",
        std::nullopt);
    CHECK(error.code == Code::upstream_credentials);
    CHECK(info(error.code).http_status == 502);
    CHECK_THAT(error.message, Catch::Contains("eu"));
    CHECK(error.message.find("sk-abcdef") == std::string::npos);
}

TEST_CASE("the provider's wish to wait is passed on, and nonsense is not", "[relay]") {
    CHECK(refusal("c", 429, "", "7").retry_after == 7s);
    CHECK(refusal("c", 429, "", "7").code == Code::rate_limited);
    CHECK(!refusal("c", 429, "", "soon").retry_after);
    CHECK(!refusal("c", 429, "", "-1").retry_after);
    CHECK(!refusal("c", 429, "", "99999999").retry_after);
    CHECK(refusal("c", 504, "", std::nullopt).code == Code::upstream_timeout);
    CHECK(refusal("c", 500, "<html>", std::nullopt).code == Code::upstream_failed);
}

namespace {

std::string shown(std::string_view body, llm::ErrorShape shape = llm::ErrorShape::openai) {
    return callers_error_body(body, shape, 400, "req-1");
}

}  // namespace

TEST_CASE("a caller is told in the shape of the format that he called", "[relay]") {
    constexpr std::string_view said = R"([{"error":{"code":400,"message":"bad tool"}}])";
    auto anthropic = nlohmann::json::parse(shown(said, llm::ErrorShape::anthropic));
    CHECK(anthropic["error"]["type"] == "invalid_request_error");
    CHECK(anthropic["error"]["message"] == "bad tool");
    auto gemini = nlohmann::json::parse(shown(said, llm::ErrorShape::gemini));
    CHECK(gemini["error"]["status"] == "INVALID_ARGUMENT");
    CHECK(gemini["error"]["message"] == "bad tool");
}

TEST_CASE("the caller gets the provider's words without its secrets", "[relay]") {
    auto body = shown(
        R"({"error":{"message":"max_tokens is too large for org-abcdefghijklmnopqrstuvwx","type":"invalid_request_error","param":"max_tokens","code":"bad"},"internal":"x"})");
    auto parsed = nlohmann::json::parse(body);
    CHECK(parsed["error"]["param"] == "max_tokens");
    CHECK(parsed["error"]["code"] == "bad");
    CHECK(parsed["error"]["type"] == "invalid_request_error");
    CHECK(!parsed.contains("internal"));
    CHECK(body.find("org-abcdef") == std::string::npos);
    CHECK_THAT(body, Catch::Contains("max_tokens is too large"));
}

TEST_CASE("any body makes an error in the OpenAI shape", "[relay]") {
    for (std::string_view body :
         {"", "null", "[]", "<html>", R"({"error":null})", R"({"error":"plain words"})",
          R"({"object":"error","message":"flat","code":400})",
          R"({"error":{"message":7,"code":{}}})", "\xff\xfe"}) {
        INFO(body);
        auto parsed = nlohmann::json::parse(shown(body));
        CHECK(parsed["error"]["message"].is_string());
        CHECK(!parsed["error"]["message"].get<std::string>().empty());
        CHECK(parsed["error"]["type"].is_string());
    }
    CHECK_THAT(shown(R"({"error":"plain words"})"), Catch::Contains("plain words"));
    CHECK_THAT(shown(R"({"object":"error","message":"flat","code":400})"), Catch::Contains("flat"));
}
