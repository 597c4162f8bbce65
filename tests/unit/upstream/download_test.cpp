#include "daemon/upstream/download.hpp"
#include "daemon/upstream/guard.hpp"
#include "tests/unit/upstream/rig.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <netinet/in.h>

using namespace obliv;
using namespace obliv::upstream;
using namespace obliv::upstream::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

DownloadRules rules(std::vector<std::string> allowed = {"127.0.0.1"}) {
    auto guard = Guard::make(allowed);
    REQUIRE(guard);
    DownloadRules out;
    out.guard = std::make_shared<const Guard>(std::move(*guard));
    out.time_max = 5s;
    return out;
}

Result<Download> get(Rig& rig, const std::string& url, const DownloadRules& how) {
    return run(rig.loop, download(rig.pool, url, how, nullptr));
}

std::string at(const FakeUpstream& server, const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

std::string redirect(const std::string& to) {
    return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n";
}

std::vector<std::string> permitted(const Guard& guard, const std::string& host,
                                   const std::vector<std::string>& addresses) {
    std::vector<Address> found;
    for (const auto& text : addresses)
        found.push_back(Resolver::numeric(text, 80).at(0));
    std::vector<std::string> out;
    for (const auto& address : guard.permitted(host, found))
        out.push_back(IpAddress::from(reinterpret_cast<const sockaddr&>(address.storage))->text());
    return out;
}

}  // namespace

TEST_CASE("of a name's addresses only the public ones are used", "[upstream]") {
    using List = std::vector<std::string>;
    auto guard = *Guard::make({}, {});
    CHECK(permitted(guard, "x", {"10.0.0.1", "8.8.8.8", "::1", "2606:4700::1"}) ==
          List{"8.8.8.8", "2606:4700::1"});
    CHECK(permitted(guard, "x", {"127.0.0.1", "::ffff:192.168.0.1", "fe80::1"}).empty());
    auto wider = *Guard::make({"10.1.0.0/16", "Files.internal"}, {});
    CHECK(permitted(wider, "x", {"10.1.2.3", "10.2.0.1"}) == List{"10.1.2.3"});
    CHECK(permitted(wider, "files.internal", {"10.2.0.1", "127.0.0.1"}).size() == 2);
    CHECK(permitted(wider, "a.files.internal", {"10.2.0.1"}).empty());
    CHECK_FALSE(Guard::make({"http://x"}));
    CHECK_FALSE(Guard::make({"10.0.0.1/8"}));
}

TEST_CASE("the networks that this machine is on are not the internet", "[upstream]") {
    using List = std::vector<std::string>;
    std::vector<IpNetwork> own{*IpNetwork::parse("8.8.4.0/24"),
                               *IpNetwork::parse("2606:4700:1::/48")};
    auto guard = *Guard::make({}, own);
    CHECK(permitted(guard, "x", {"8.8.4.4", "8.8.8.8", "2606:4700:1::7", "2606:4700:2::7"}) ==
          List{"8.8.8.8", "2606:4700:2::7"});
    auto named = *Guard::make({"8.8.4.4"}, own);
    CHECK(permitted(named, "x", {"8.8.4.4", "8.8.4.5"}) == List{"8.8.4.4"});
    auto loopback = *IpAddress::parse("127.0.0.1");
    auto here = Guard::own_networks();
    CHECK(std::any_of(here.begin(), here.end(),
                      [&](const IpNetwork& network) { return network.contains(loopback); }));
    auto network =
        IpNetwork::around(*IpAddress::parse("8.8.4.4"), *IpAddress::parse("255.255.255.0"));
    CHECK(network.contains(*IpAddress::parse("8.8.4.255")));
    CHECK_FALSE(network.contains(*IpAddress::parse("8.8.5.1")));
}

TEST_CASE("a file is fetched, with nothing of ours", "[upstream]") {
    std::string asked;
    FakeUpstream server([&](Peer& peer) {
        asked = peer.request();
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Type: Image/PNG; x=y\r\nContent-Length: 3\r\n\r\nabc");
    });
    Rig rig;
    auto got = get(rig, at(server, "/a b.png?q=1#part"), rules());
    REQUIRE(got);
    CHECK(got->bytes == "abc");
    CHECK(got->media_type == "image/png");
    CHECK_THAT(asked, Catch::StartsWith("GET /a%20b.png?q=1 HTTP/1.1\r\n"));
    CHECK_THAT(asked, Contains("Host: 127.0.0.1:" + std::to_string(server.port())));
    CHECK_THAT(asked, !Contains("ookie") && !Contains("uthorization"));
}

TEST_CASE("a connection that a caller chose is not kept", "[upstream]") {
    FakeUpstream server([](Peer& peer) {
        while (!peer.request().empty())
            peer.send(sized("x"));
    });
    Rig rig;
    for (int i = 0; i < 2; ++i)
        CHECK(get(rig, at(server, "/"), rules()));
    CHECK(rig.pool.idle() == 0);
    CHECK(server.connections == 2);
}

TEST_CASE("an address that is not permitted is never connected to", "[upstream]") {
    FakeUpstream server([](Peer& peer) { peer.send(sized("secret")); });
    Rig rig;
    auto port = std::to_string(server.port());
    for (const auto& host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1",
                             "127.1", "0.0.0.0", "[::]"}) {
        INFO(host);
        auto got = get(rig, "http://" + std::string(host) + ":" + port + "/", rules({}));
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Code::invalid_request);
    }
    CHECK(server.connections == 0);
}

TEST_CASE("redirects are followed three times, and each is checked", "[upstream]") {
    int left = 3;
    FakeUpstream server([&](Peer& peer) {
        peer.request();
        peer.send(left-- > 0 ? redirect("next?left=" + std::to_string(left)) : sized("there"));
    });
    Rig rig;
    auto got = get(rig, at(server, "/dir/first"), rules());
    REQUIRE(got);
    CHECK(got->bytes == "there");
    CHECK(server.connections == 4);
    left = 4;
    auto late = get(rig, at(server, "/dir/first"), rules());
    REQUIRE_FALSE(late);
    CHECK_THAT(late.error().message, Contains("redirects"));

    FakeUpstream inner([](Peer& peer) { peer.send(sized("secret")); }, "127.0.0.2");
    for (const auto& target :
         {"http://127.0.0.2:" + std::to_string(inner.port()) + "/",
          std::string("file:///etc/passwd"), std::string("gopher://127.0.0.1/")}) {
        FakeUpstream outer([&](Peer& peer) {
            peer.request();
            peer.send(redirect(target));
        });
        INFO(target);
        CHECK_FALSE(get(rig, at(outer, "/"), rules()));
    }
    CHECK(inner.connections == 0);
}

TEST_CASE("what is too long, broken or no success is refused", "[upstream]") {
    auto refuses = [](const std::string& reply, const std::string& why) {
        FakeUpstream server([&](Peer& peer) {
            peer.request();
            peer.send(reply);
        });
        Rig rig;
        auto how = rules();
        how.bytes_max = 10;
        auto got = get(rig, at(server, "/"), how);
        INFO(reply);
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Code::invalid_request);
        CHECK_THAT(got.error().message, Contains(why));
        CHECK_THAT(got.error().message, !Contains("secret"));
    };
    refuses("HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nsecret", "status 404");
    refuses("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nsecretsecre", "more than 10 bytes");
    refuses("HTTP/1.1 200 OK\r\n\r\nsecretsecretsecret", "more than 10 bytes");
    refuses("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsec", "broke off");
    refuses("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
            "compressed");
    refuses("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "nowhere");
    refuses("secret\r\n\r\n", "no answer");
}

TEST_CASE("a server that keeps silent is waited for no longer than allowed", "[upstream]") {
    FakeUpstream server([](Peer& peer) {
        peer.request();
        peer.closed_by_client();
    });
    Rig rig;
    auto how = rules();
    how.time_max = 50ms;
    auto got = get(rig, at(server, "/"), how);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::invalid_request);
}

TEST_CASE("URLs to fetch are taken apart, and redirects put together", "[upstream]") {
    auto url = parse_fetch_url("HTTPS://Files.Example.com/a/b.png?x=1#y");
    REQUIRE(url);
    CHECK(url->endpoint.host == "files.example.com");
    CHECK(url->endpoint.port == 443);
    CHECK(url->endpoint.tls);
    CHECK(url->target == "/a/b.png?x=1");
    CHECK(parse_fetch_url("http://h?q")->target == "/?q");
    CHECK(parse_fetch_url("http://h/\xC3\xA4\r\nX: y")->target == "/%C3%A4%0D%0AX:%20y");
    for (auto bad : {"", "ftp://h/", "file:///etc/passwd", "http://user@h/", "http://",
                     "http://h:0/", "http://h\x01/"}) {
        INFO(bad);
        CHECK_FALSE(parse_fetch_url(bad));
    }
    CHECK(redirected(*url, "http://other/x") == "http://other/x");
    CHECK(redirected(*url, "//other/x") == "https://other/x");
    CHECK(redirected(*url, "/x") == "https://files.example.com:443/x");
    CHECK(redirected(*url, "c.png") == "https://files.example.com:443/a/c.png");
    CHECK(redirected(*url, "?z") == "https://files.example.com:443/a/b.png?z");
    CHECK(redirected(*url, "/r?to=http://x/") == "https://files.example.com:443/r?to=http://x/");
}
