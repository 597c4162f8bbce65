#include "daemon/server/listener.hpp"
#include "tests/unit/server/rig.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace obliv;
using namespace obliv::server;
using namespace obliv::server::test;
using Catch::Contains;
using Catch::EndsWith;

namespace {

loop::Task<Result<void>> tell_peer(Exchange& exchange) {
    const auto& peer = exchange.peer();
    auto text = peer.address + " " + std::string(peer.listener) + " ";
    if (peer.is_unix)
        text += std::to_string(peer.uid) + " " + std::to_string(peer.pid);
    else
        text += "tcp";
    std::span<const http::Header> none;
    co_return co_await exchange.reply(200, "text/plain", none, text);
}

struct Folder {
    Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~Folder() {
        ::unlink(socket().c_str());
        ::rmdir(path.c_str());
    }
    std::string socket() const { return path + "/s.sock"; }
    std::string path = "/tmp/oblivXXXXXX";
};

/// Two loops with a service each.
struct Two {
    ~Two() {
        server.stop_accepting();
        server.close_all();
        loops.stop();
        loops.join();
    }
    loop::Loops loops{2};
    TestService one{tell_peer};
    TestService two{tell_peer};
    Server server{loops, {&one, &two}, Limits{}};
};

}  // namespace

TEST_CASE("the loops of one server share a port that nobody else can join", "[server]") {
    auto first = bind_tcp("127.0.0.1", 0, 3);
    REQUIRE(first);
    CHECK(first->sockets.size() == 3);
    auto second = bind_tcp("127.0.0.1", first->port, 2);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::conflict);
    CHECK_THAT(second.error().message, Contains(std::to_string(first->port)));
    CHECK(bind_tcp("localhost", 0, 1).error().code == Code::config_invalid);
}

TEST_CASE("every loop accepts", "[server]") {
    Two both;
    auto port = both.server.listen_tcp("127.0.0.1", 0, "api");
    REQUIRE(port);
    both.loops.start();
    both.server.start();
    // The kernel spreads connections by a hash of their addresses: 64 on one side is 2^-63.
    for (int i = 0; i < 64; ++i) {
        Client client(*port);
        REQUIRE(client.send(get("/")));
        CHECK_THAT(client.read_reply(), EndsWith("127.0.0.1 api tcp"));
    }
    CHECK(eventually([&both] { return both.one.ended_count > 0 && both.two.ended_count > 0; }));
}

TEST_CASE("IPv6, a Unix socket and a passed descriptor serve alike", "[server]") {
    Folder folder;
    Two both;
    auto v6 = both.server.listen_tcp("::1", 0, "v6");
    REQUIRE(v6);
    REQUIRE(both.server.listen_unix(folder.socket(), "admin"));
    auto passed = bind_tcp("127.0.0.1", 0, 1);
    REQUIRE(passed);
    REQUIRE(both.server.listen_on(passed->sockets[0].get(), "passed"));
    both.loops.start();
    both.server.start();

    Client client6(*v6, "::1");
    REQUIRE(client6.send(get("/")));
    CHECK_THAT(client6.read_reply(), EndsWith("::1 v6 tcp"));

    struct stat file {};
    REQUIRE(::stat(folder.socket().c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0660);
    Client local(folder.socket());
    REQUIRE(local.send(get("/")));
    CHECK_THAT(local.read_reply(), EndsWith("unix admin " + std::to_string(::getuid()) + " " +
                                            std::to_string(::getpid())));

    Client inherited(passed->port);
    REQUIRE(inherited.send(get("/")));
    CHECK_THAT(inherited.read_reply(), EndsWith("127.0.0.1 passed tcp"));

    both.server.stop_accepting();
    CHECK(::access(folder.socket().c_str(), F_OK) != 0);
}

TEST_CASE("a socket file is replaced only when nobody listens on it", "[server]") {
    Folder folder;
    {
        auto first = bind_unix(folder.socket());
        REQUIRE(first);
        auto second = bind_unix(folder.socket());
        REQUIRE_FALSE(second);
        CHECK(second.error().code == Code::conflict);
    }
    // Its listener has gone and the file has stayed, as after kill -9.
    CHECK(::access(folder.socket().c_str(), F_OK) == 0);
    CHECK(bind_unix(folder.socket()));
    CHECK(bind_unix(folder.path).error().code == Code::conflict);
    CHECK(bind_unix(std::string(200, 'x')).error().code == Code::config_invalid);
}

TEST_CASE("what does not listen cannot be listened on", "[server]") {
    Two both;
    int plain = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(both.server.listen_on(plain, "x").error().code == Code::config_invalid);
    ::close(plain);
}

TEST_CASE("connections over the limit wait until there is room", "[server]") {
    Limits limits;
    limits.connections_max = 1;
    Rig rig(tell_peer, limits);
    auto first = std::make_unique<Client>(rig.port);
    REQUIRE(first->send(get("/")));
    CHECK_THAT(first->read_reply(), EndsWith("tcp"));
    Client second(rig.port);
    REQUIRE(second.send(get("/")));
    CHECK(rig.server.connections() == 1);
    first.reset();
    CHECK_THAT(second.read_reply(), EndsWith("tcp"));
}
