#include "core/client/endpoint.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace obliv;
using client::parse_endpoint;

namespace {

client::Environment fake(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const char* name) {
        auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    };
}

}  // namespace

TEST_CASE("an address keeps its base path and loses its trailing slash", "[client]") {
    auto plain = parse_endpoint("http://127.0.0.1:8490/");
    REQUIRE(plain);
    CHECK(plain->base_url == "http://127.0.0.1:8490");
    CHECK_FALSE(plain->has_path());
    CHECK(plain->openai_url("/models") == "http://127.0.0.1:8490/v1/models");
    CHECK(plain->management_url("/api/v1/tokens") == "http://127.0.0.1:8490/api/v1/tokens");

    auto sdk = parse_endpoint("https://host/v1");
    REQUIRE(sdk);
    CHECK(sdk->openai_url("/chat/completions") == "https://host/v1/chat/completions");
    CHECK(sdk->management_url("/api/v1/tokens") == "https://host/api/v1/tokens");

    auto deep = parse_endpoint("https://host/compatible-mode/v1");
    REQUIRE(deep);
    CHECK(deep->openai_url("/models") == "https://host/compatible-mode/v1/models");
}

TEST_CASE("a socket is named by its path", "[client]") {
    auto socket = parse_endpoint("unix:/run/x.sock");
    REQUIRE(socket);
    CHECK(socket->is_socket());
    CHECK(socket->socket_path == "/run/x.sock");
    CHECK(socket->openai_url("/models") == "http://localhost/v1/models");
    CHECK(parse_endpoint("unix:").error().code == Code::usage);
}

TEST_CASE("what is not an address is refused as wrong usage", "[client]") {
    for (auto text : {"", "host:80", "ftp://host", "http://", "http://:80", "http://h/?key=1",
                      "http://h h/", "http://h#x"}) {
        INFO(text);
        auto endpoint = parse_endpoint(text);
        REQUIRE_FALSE(endpoint);
        CHECK(endpoint.error().code == Code::usage);
    }
}

TEST_CASE("a password in an address is refused and not repeated", "[client]") {
    auto endpoint = parse_endpoint("https://me:hunter2@host/v1");
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("the user's own socket is tried before the system's", "[client]") {
    auto runtime =
        client::local_sockets(fake({{"XDG_RUNTIME_DIR", "/run/user/7"}, {"HOME", "/h"}}));
    REQUIRE(runtime.size() == 2);
    CHECK(runtime[0] == "/run/user/7/oblivd/oblivd.sock");
    CHECK(runtime[1] == "/run/oblivd/oblivd.sock");
    CHECK(client::local_sockets(fake({{"HOME", "/h"}}))[0] == "/h/.local/share/oblivd/oblivd.sock");
    CHECK(client::local_sockets(fake({{"XDG_DATA_HOME", "/d"}}))[0] == "/d/oblivd/oblivd.sock");
    CHECK(client::local_sockets(fake({})).size() == 1);
}
