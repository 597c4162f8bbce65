#include "core/client/client.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

using namespace obliv;
using namespace std::chrono_literals;

namespace {

/// Answers one connection after the other with the given bytes and closes each. Loopback, a free
/// port; every wait ends after 10 s.
class ScriptedServer {
public:
    explicit ScriptedServer(std::vector<std::string> replies)
        : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t length = sizeof address;
        REQUIRE(::bind(listener_, generic, length) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        REQUIRE(::getsockname(listener_, generic, &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, replies = std::move(replies)] { serve(replies); });
    }
    ~ScriptedServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// Valid once the server is destroyed or all replies were taken.
    const std::vector<std::string>& requests() const { return requests_; }

private:
    static bool readable(int descriptor) {
        pollfd wait{descriptor, POLLIN, 0};
        return ::poll(&wait, 1, 10'000) == 1;
    }
    void serve(const std::vector<std::string>& replies) {
        for (const auto& reply : replies) {
            if (!readable(listener_))
                return;
            int peer = ::accept(listener_, nullptr, nullptr);
            if (peer < 0)
                return;
            std::string head;
            std::array<char, 4096> buffer{};
            while (head.find("\r\n\r\n") == std::string::npos && readable(peer)) {
                auto got = ::recv(peer, buffer.data(), buffer.size(), 0);
                if (got <= 0)
                    break;
                head.append(buffer.data(), static_cast<std::size_t>(got));
            }
            requests_.push_back(head);
            if (reply == "hang")
                (void)readable(peer);  // until the client goes away
            else
                (void)::send(peer, reply.data(), reply.size(), MSG_NOSIGNAL);
            ::close(peer);
        }
    }

    int listener_;
    std::uint16_t port_ = 0;
    std::vector<std::string> requests_;
    std::thread thread_;
};

std::string reply(std::string_view status, std::string_view body, std::string_view extra = {}) {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(extra) +
           "\r\n" + std::string(body);
}

client::Options options_for(const std::string& url) {
    client::Options options;
    auto endpoint = client::parse_endpoint(url);
    REQUIRE(endpoint);
    options.endpoint = *endpoint;
    return options;
}

client::Request get(const std::string& url) {
    client::Request request;
    request.url = url + "/x";
    return request;
}

}  // namespace

TEST_CASE("a reply comes back whole, with its request id", "[client]") {
    ScriptedServer server({reply("200 OK", "hello", "x-request-id: r1\r\n")});
    client::Client client(options_for(server.url()));
    auto response = client.send(get(server.url()));
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body == "hello");
    CHECK(client.last_request_id() == "r1");
}

TEST_CASE("503 is tried again and the repeat is told", "[client]") {
    ScriptedServer server({reply("503 Busy", ""), reply("200 OK", "fine")});
    auto options = options_for(server.url());
    std::vector<std::string> notes;
    options.note = [&](std::string_view line) { notes.emplace_back(line); };
    client::Client client(std::move(options));
    auto response = client.send(get(server.url()));
    REQUIRE(response);
    CHECK(response->body == "fine");
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("503") != std::string::npos);
    CHECK(notes[0].find("try 2 of 4") != std::string::npos);
}

TEST_CASE("after the first byte of a good reply there is no second try", "[client]") {
    ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"});
    client::Client client(options_for(server.url()));
    std::string seen;
    auto response = client.stream(get(server.url()), [&](const auto&, std::string_view bytes) {
        seen += bytes;
        return true;
    });
    REQUIRE_FALSE(response);
    CHECK(response.error().code == Code::upstream_failed);
    CHECK(seen == "part");
}

TEST_CASE("a refused connection is unavailable, with its address", "[client]") {
    auto options = options_for("http://127.0.0.1:1");
    options.tries_max = 1;
    client::Client client(std::move(options));
    auto response = client.send(get("http://127.0.0.1:1"));
    REQUIRE_FALSE(response);
    CHECK(response.error().code == Code::unavailable);
    CHECK(response.error().message.find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("a deadline ends a call that is not answered", "[client]") {
    ScriptedServer server({"hang"});
    auto options = options_for(server.url());
    options.deadline = Deadline::after(real_clock(), 50ms);
    client::Client client(std::move(options));
    auto response = client.send(get(server.url()));
    REQUIRE_FALSE(response);
    CHECK(response.error().code == Code::timeout);
}

TEST_CASE("an interrupt ends a call that is not answered", "[client]") {
    ScriptedServer server({"hang"});
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    std::atomic<bool> requested{true};
    auto options = options_for(server.url());
    options.interrupt = {&requested, pipe[0]};
    client::Client client(std::move(options));
    auto response = client.send(get(server.url()));
    REQUIRE_FALSE(response);
    CHECK(response.error().code == Code::cancelled);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_CASE("the credential goes out as a bearer token and not into the trace", "[client]") {
    std::string trace;
    std::string sent;
    {
        ScriptedServer server({reply("200 OK", "")});
        auto options = options_for(server.url());
        options.credential = Secret("sk-very-secret");
        options.trace = [&](std::string_view line) { trace += std::string(line) + "\n"; };
        client::Client client(std::move(options));
        REQUIRE(client.send(get(server.url())));
        sent = server.requests().at(0);
    }
    CHECK(sent.find("Authorization: Bearer sk-very-secret") != std::string::npos);
    CHECK(trace.find("Authorization: ***") != std::string::npos);
    CHECK(trace.find("sk-very-secret") == std::string::npos);
}
