#include "tests/unit/upstream/rig.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace obliv;
using namespace obliv::upstream;
using namespace obliv::upstream::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

template <auto free>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free(object);
    }
};

/// A self-signed certificate for localhost and 127.0.0.1, made anew for each test, and a TLS server
/// context that uses it.
class Certificate {
public:
    Certificate() {
        key_.reset(EVP_EC_gen("P-256"));
        certificate_.reset(X509_new());
        auto* it = certificate_.get();
        X509_set_version(it, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(it), 1);
        X509_gmtime_adj(X509_getm_notBefore(it), -3600);
        X509_gmtime_adj(X509_getm_notAfter(it), 3600);
        X509_set_pubkey(it, key_.get());
        auto* name = X509_get_subject_name(it);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(it, name);
        auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                          "DNS:localhost,IP:127.0.0.1");
        X509_add_ext(it, names, -1);
        X509_EXTENSION_free(names);
        X509_sign(it, key_.get(), EVP_sha256());
        context_.reset(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate(context_.get(), it);
        SSL_CTX_use_PrivateKey(context_.get(), key_.get());
        auto* file = std::fopen(path.c_str(), "w");
        REQUIRE(file != nullptr);
        PEM_write_X509(file, it);
        std::fclose(file);
    }
    ~Certificate() { ::unlink(path.c_str()); }

    /// Speaks TLS on `peer` and answers every request; tells whether the session was resumed.
    void serve(Peer& peer) {
        std::unique_ptr<SSL, Free<SSL_free>> ssl(SSL_new(context_.get()));
        SSL_set_fd(ssl.get(), peer.descriptor());
        if (SSL_accept(ssl.get()) != 1)
            return;
        resumed += SSL_session_reused(ssl.get());
        Peer inside(peer.descriptor(), ssl.get());
        while (!inside.request().empty())
            inside.send(sized(large));
        SSL_shutdown(ssl.get());
    }

    std::string path = "/tmp/obliv-test-ca-" + std::to_string(::getpid()) + ".pem";
    std::string large = std::string(100'000, 'x');
    std::atomic<int> resumed{0};

private:
    std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key_;
    std::unique_ptr<X509, Free<X509_free>> certificate_;
    std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
};

Endpoint secure(const FakeUpstream& upstream, const char* host) {
    auto endpoint = upstream.endpoint();
    endpoint.host = host;
    endpoint.tls = true;
    return endpoint;
}

int connect_to(std::uint16_t port) {
    int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0)
        return descriptor;
    ::close(descriptor);
    return -1;
}

/// Copies both ways until one side ends or five seconds are silent.
void tunnel(int left, int right) {
    pollfd both[] = {{left, POLLIN, 0}, {right, POLLIN, 0}};
    char bytes[65536];
    while (::poll(both, 2, 5000) > 0)
        for (int i = 0; i < 2; ++i) {
            if (both[i].revents == 0)
                continue;
            auto got = ::recv(both[i].fd, bytes, sizeof bytes, 0);
            if (got <= 0)
                return;
            ::send(both[1 - i].fd, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL);
        }
}

}  // namespace

TEST_CASE("a certificate that nobody vouches for is refused", "[upstream][tls]") {
    Certificate certificate;
    FakeUpstream upstream([&certificate](Peer& peer) { certificate.serve(peer); });
    Rig rig;
    auto refused = run(rig.loop, fetch(rig.pool, secure(upstream, "127.0.0.1"), "/"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::upstream_failed);
    CHECK_THAT(refused.error().message, Contains("127.0.0.1") && Contains("certificate"));
}

TEST_CASE("a CA file makes it trusted, for its names only", "[upstream][tls]") {
    Certificate certificate;
    FakeUpstream upstream([&certificate](Peer& peer) { certificate.serve(peer); });
    Rig rig({}, {certificate.path});
    for (const char* host : {"127.0.0.1", "localhost"}) {
        for (int i = 0; i < 2; ++i) {
            auto reply = run(rig.loop, fetch(rig.pool, secure(upstream, host), "/"));
            REQUIRE(reply);
            CHECK(reply->body == certificate.large);
            CHECK(rig.pool.idle() == 1);
        }
        rig.pool.clear();
    }
    CHECK(rig.pool.connected() == 2);
    // A third connection resumes the session of the second.
    REQUIRE(run(rig.loop, fetch(rig.pool, secure(upstream, "localhost"), "/")));
    CHECK(certificate.resumed == 1);
    rig.pool.clear();
    auto wrong = run(rig.loop, fetch(rig.pool, secure(upstream, "ip6-localhost"), "/"));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == Code::upstream_failed);
}

TEST_CASE("TLS to something that speaks none fails by name", "[upstream][tls]") {
    FakeUpstream plain([](Peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    Rig rig;
    auto failed = run(rig.loop, fetch(rig.pool, secure(plain, "127.0.0.1"), "/"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::upstream_failed);
    CHECK_THAT(failed.error().message, Contains("TLS"));
}

TEST_CASE("an unreadable CA file is a mistake in the configuration", "[upstream][tls]") {
    Tls tls({"/nonexistent/ca.pem"});
    auto context = tls.context();
    REQUIRE_FALSE(context);
    CHECK(context.error().code == Code::config_invalid);
}

TEST_CASE("https goes through a proxy by CONNECT", "[upstream][tls]") {
    Certificate certificate;
    FakeUpstream upstream([&certificate](Peer& peer) { certificate.serve(peer); });
    std::string asked;
    FakeUpstream proxy([&asked, &upstream](Peer& peer) {
        asked = peer.request();
        if (asked.find("Proxy-Authorization: Basic dTpw") == std::string::npos)
            return peer.send("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n");
        int target = connect_to(upstream.port());
        peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
        tunnel(peer.descriptor(), target);
        ::close(target);
    });
    Rig rig({}, {certificate.path});
    auto endpoint = secure(upstream, "localhost");
    endpoint.proxy = {"127.0.0.1", proxy.port(), "Basic dTpw"};
    auto reply = run(rig.loop, fetch(rig.pool, endpoint, "/"));
    REQUIRE(reply);
    CHECK(reply->body == certificate.large);
    CHECK_THAT(asked, StartsWith("CONNECT localhost:" + std::to_string(upstream.port()) +
                                 " HTTP/1.1\r\n"));
    rig.pool.clear();
    endpoint.proxy.authorization.clear();
    auto refused = run(rig.loop, fetch(rig.pool, endpoint, "/"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::upstream_failed);
    CHECK_THAT(refused.error().message, Contains("407"));
}

TEST_CASE("http goes through a proxy in absolute form", "[upstream]") {
    std::string asked;
    FakeUpstream proxy([&asked](Peer& peer) {
        asked = peer.request();
        peer.send(sized("by proxy"));
    });
    Rig rig;
    Endpoint endpoint{"far.invalid", 80, false, {"127.0.0.1", proxy.port()}};
    auto reply = run(rig.loop, fetch(rig.pool, endpoint, "/x"));
    REQUIRE(reply);
    CHECK(reply->body == "by proxy");
    CHECK_THAT(asked, StartsWith("GET http://far.invalid/x HTTP/1.1\r\n"));
    rig.pool.clear();
}
