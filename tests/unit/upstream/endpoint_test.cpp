#include "daemon/upstream/endpoint.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::upstream;

TEST_CASE("base URLs are taken apart", "[upstream]") {
    auto plain = parse_base_url("http://127.0.0.1:8000/v1/");
    REQUIRE(plain);
    CHECK(plain->endpoint.host == "127.0.0.1");
    CHECK(plain->endpoint.port == 8000);
    CHECK_FALSE(plain->endpoint.tls);
    CHECK(plain->path == "/v1");
    CHECK(plain->endpoint.host_header() == "127.0.0.1:8000");

    auto secure = parse_base_url("HTTPS://API.Example.com");
    REQUIRE(secure);
    CHECK(secure->endpoint.host_header() == "api.example.com");
    CHECK(secure->endpoint.port == 443);
    CHECK(secure->path.empty());

    auto v6 = parse_base_url("http://[::1]:81/a/b");
    REQUIRE(v6);
    CHECK(v6->endpoint.host == "::1");
    CHECK(v6->endpoint.host_header() == "[::1]:81");
    CHECK(v6->endpoint.key() == "http://[::1]:81");
}

TEST_CASE("what is no base URL is refused, and no password shown", "[upstream]") {
    for (const char* bad :
         {"", "example.com", "ftp://x", "http://", "http://:80", "http://h:0", "http://h:65536",
          "http://h:x", "http://h/?q", "http://h/#f", "http://h/a b", "http://[::1",
          "http://[::1]x", "http://a:b:c/", "http://ho st/", "http://user:secret@host/"}) {
        INFO(bad);
        auto base = parse_base_url(bad);
        REQUIRE_FALSE(base);
        CHECK(base.error().message.find("secret") == std::string::npos);
    }
}

TEST_CASE("proxies are read and NO_PROXY obeyed", "[upstream]") {
    auto proxy = parse_proxy("http://us%20er:pw@proxy.local:3128/");
    REQUIRE(proxy);
    CHECK(proxy->host == "proxy.local");
    CHECK(proxy->port == 3128);
    CHECK(proxy->authorization == "Basic dXMgZXI6cHc=");
    CHECK(parse_proxy("proxy:8080")->port == 8080);
    CHECK_FALSE(parse_proxy("socks5://proxy"));

    ProxySettings settings;
    settings.http = "http://plain:1";
    settings.https = "http://secure:2";
    settings.no_proxy = "localhost, .internal,example.org:443,10.0.0.1,[::1]";
    auto chosen = [&settings](const char* host, bool tls) {
        Endpoint endpoint;
        endpoint.host = host;
        endpoint.port = tls ? 443 : 80;
        endpoint.tls = tls;
        REQUIRE(choose_proxy(settings, endpoint));
        return endpoint.proxy.host;
    };
    CHECK(chosen("api.com", false) == "plain");
    CHECK(chosen("api.com", true) == "secure");
    for (const char* direct : {"localhost", "a.internal", "internal", "example.org",
                               "www.example.org", "10.0.0.1", "::1"})
        CHECK(chosen(direct, true).empty());
    CHECK(chosen("badexample.org", true) == "secure");
    settings.no_proxy = "*";
    CHECK(chosen("api.com", true).empty());
}

TEST_CASE("only plain calls through a proxy name the whole target", "[upstream]") {
    Endpoint endpoint{"host", 8080, false, {"proxy", 1}};
    CHECK(endpoint.target_prefix() == "http://host:8080");
    endpoint.tls = true;
    CHECK(endpoint.target_prefix().empty());
    endpoint = Endpoint{"host", 80, false, {}};
    CHECK(endpoint.target_prefix().empty());
}
