// Gemini and Vertex AI as channels: where calls go and what proves who sends them.
#include "core/base/time_format.hpp"
#include "core/providers/gemini.hpp"
#include "core/providers/google_key.hpp"
#include "core/providers/vertex.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/gemini.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace obliv;
using namespace obliv::providers;

namespace {

std::string fixture(const std::string& name) {
    std::ifstream file(OBLIV_FIXTURES "/google/" + name);
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Secret account() {
    return Secret(fixture("service_account.json"));
}

std::string chat_url(const std::string& base, const Secret& key, bool stream = false) {
    Endpoint endpoint{base, key};
    const auto* provider = find("vertex", base);
    auto url = base_url_of(*provider, endpoint);
    REQUIRE(url);
    return *url + path_of(*find_offer(*provider, Operation::chat), "gemini-2.5-flash", stream);
}

}  // namespace

TEST_CASE("Gemini's model and whether it streams are in the path, the key in a header",
          "[providers]") {
    Endpoint endpoint{std::string(gemini.default_base_url), Secret("AIza")};
    const auto* chat = chat_offer(gemini, nullptr);
    REQUIRE(chat != nullptr);
    CHECK(chat->wire == &wire::gemini);
    CHECK(path_of(*chat, "gemini-2.5-pro", false) ==
          "/v1beta/models/gemini-2.5-pro:generateContent");
    CHECK(path_of(*chat, "gemini-2.5-pro", true) ==
          "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    auto headers = headers_of(gemini, endpoint);
    REQUIRE(headers.size() == 1);
    CHECK(headers[0] == std::pair<std::string, std::string>("x-goog-api-key", "AIza"));
}

TEST_CASE("a service account proves itself by a token that openssl would have made",
          "[providers]") {
    auto key = parse_google_key(account());
    REQUIRE(key);
    auto now = parse_rfc3339("2026-11-22");
    auto made = google_assertion(*key, "https://www.googleapis.com/auth/cloud-platform", *now);
    REQUIRE(made);
    CHECK(*made + "\n" == fixture("assertion.txt"));

    Endpoint endpoint{std::string(vertex.default_base_url), account()};
    auto request = vertex.token_request(endpoint, *now);
    REQUIRE(request);
    CHECK(request->url == "https://oauth2.googleapis.com/token");
    CHECK(request->content_type == "application/x-www-form-urlencoded");
    CHECK(request->body == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                           "&assertion=" +
                               *made);
    CHECK(exchanges(vertex, endpoint.key));
    CHECK(headers_of(vertex, endpoint).empty());
}

TEST_CASE("a key that is no service account is refused by name of what is missing", "[providers]") {
    auto refused = [](std::string json, std::string_view why) {
        auto key = parse_google_key(Secret(std::move(json)));
        REQUIRE_FALSE(key);
        INFO(key.error().message);
        CHECK(key.error().message.find(why) != std::string::npos);
    };
    refused("AIza", "service account");
    refused("{", "service account");
    refused(R"({"type":"authorized_user"})", "service_account");
    refused(R"({"type":"service_account","project_id":"p","client_email":"e"})", "private_key");
    auto bad = parse_google_key(Secret(
        R"({"type":"service_account","project_id":"p","client_email":"e","private_key":"x"})"));
    REQUIRE(bad);
    auto made = google_assertion(*bad, "s", WallTime{});
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Code::config_invalid);
}

TEST_CASE("a token is read with its lifetime, and what is none is an error", "[providers]") {
    auto token = vertex.read_token(R"({"access_token":"ya29","expires_in":3599})");
    REQUIRE(token);
    CHECK(token->value.reveal() == "ya29");
    CHECK(token->lifetime == std::chrono::seconds(3599));
    CHECK_FALSE(vertex.read_token(R"({"error":"invalid_grant"})"));
    CHECK_FALSE(vertex.read_token("<html>"));
    auto endless = vertex.read_token(R"({"access_token":"t","expires_in":99999999999})");
    REQUIRE(endless);
    CHECK(endless->lifetime == std::chrono::hours(24));
}

TEST_CASE("Vertex is called at the place that its host serves", "[providers]") {
    auto key = account();
    const std::string path = "/publishers/google/models/gemini-2.5-flash:generateContent";
    CHECK(chat_url("https://aiplatform.googleapis.com", key) ==
          "https://aiplatform.googleapis.com/v1/projects/sample-project/locations/global" + path);
    CHECK(chat_url("https://europe-west4-aiplatform.googleapis.com", key) ==
          "https://europe-west4-aiplatform.googleapis.com/v1/projects/sample-project/locations/"
          "europe-west4" +
              path);
    CHECK(chat_url("https://aiplatform.eu.rep.googleapis.com/v1beta1", key) ==
          "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/sample-project/locations/eu" +
              path);
    CHECK(chat_url("http://127.0.0.1:8080/v1/projects/p/locations/l", key, true) ==
          "http://127.0.0.1:8080/v1/projects/p/locations/l/publishers/google/models/"
          "gemini-2.5-flash:streamGenerateContent?alt=sse");
}

TEST_CASE("Claude and open models on Vertex have paths and formats of their own", "[providers]") {
    auto key = account();
    std::string base = "https://us-east5-aiplatform.googleapis.com/publishers/anthropic";
    CHECK(chat_url(base, key, true) ==
          "https://us-east5-aiplatform.googleapis.com/v1/projects/sample-project/locations/us-east5"
          "/publishers/anthropic/models/gemini-2.5-flash:streamRawPredict");
    CHECK(chat_offer(*find("vertex", base), nullptr)->wire == &wire::anthropic_vertex);
    CHECK(chat_url("https://aiplatform.googleapis.com/endpoints/openapi", key) ==
          "https://aiplatform.googleapis.com/v1/projects/sample-project/locations/global"
          "/endpoints/openapi/chat/completions");
}

TEST_CASE("an API key of Vertex goes as it is, without a project", "[providers]") {
    Endpoint express{std::string(vertex.default_base_url), Secret("AQ.key")};
    CHECK_FALSE(exchanges(vertex, express.key));
    CHECK(chat_url(express.base_url, express.key) ==
          "https://aiplatform.googleapis.com/v1/publishers/google/models/"
          "gemini-2.5-flash:generateContent");
    auto headers = headers_of(vertex, express);
    REQUIRE(headers.size() == 1);
    CHECK(headers[0] == std::pair<std::string, std::string>("x-goog-api-key", "AQ.key"));
    express.base_url += "/publishers/anthropic";
    CHECK_FALSE(base_url_of(vertex, express));
}
