#include "daemon/relay/access_tokens.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace obliv;
using namespace obliv::relay;

namespace {

Secret account(std::string_view token_url) {
    std::ifstream file(OBLIV_FIXTURES "/google/service_account.json");
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    auto json = text.str();
    auto end = json.rfind('}');
    json.insert(end, R"(,"token_uri":")" + std::string(token_url) + "\"");
    return Secret(json);
}

Result<TokenCall> call_to(std::string_view url) {
    const auto* vertex = providers::find("vertex");
    return make_token_call(*vertex, {"https://aiplatform.googleapis.com", account(url)}, "", {});
}

}  // namespace

TEST_CASE("a service account is told to the token endpoint that its JSON names", "[relay]") {
    auto call = call_to("http://127.0.0.1:8081/a/token");
    REQUIRE(call);
    CHECK(call->endpoint.host == "127.0.0.1");
    CHECK(call->endpoint.port == 8081);
    CHECK_FALSE(call->endpoint.tls);
    CHECK(call->request.starts_with("POST /a/token HTTP/1.1\r\nhost: 127.0.0.1:8081\r\n"));
    CHECK(call->request.find("\r\n\r\ngrant_type=") != std::string::npos);
    CHECK(call_to("https://tokens.test")->request.starts_with("POST / HTTP/1.1\r\n"));
    CHECK_FALSE(call_to("ftp://tokens.test"));
    CHECK(call_to("")->endpoint.host == "oauth2.googleapis.com");
}

TEST_CASE("a token stands among the headers of a call, as the provider wants it", "[relay]") {
    std::string head = "POST /x HTTP/1.1\r\nhost: h\r\n\r\n";
    add_token(head, *providers::find("vertex"), Secret("ya29"));
    CHECK(head == "POST /x HTTP/1.1\r\nauthorization: Bearer ya29\r\nhost: h\r\n\r\n");
}
