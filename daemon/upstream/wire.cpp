#include "daemon/upstream/wire.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace obliv::upstream {
namespace {

using Status = loop::Io::Status;

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in whoever embeds us. These
// two callbacks are all that differs.
loop::Socket& socket_of(BIO* bio) noexcept {
    return *static_cast<loop::Socket*>(BIO_get_data(bio));
}

int bio_result(const loop::Io& io) noexcept {
    if (io.done())
        return static_cast<int>(io.bytes);
    return io.status == Status::eof ? 0 : -1;
}

int bio_write(BIO* bio, const char* bytes, int size) noexcept {
    BIO_clear_retry_flags(bio);
    auto io = socket_of(bio).send(std::string_view(bytes, static_cast<std::size_t>(size)));
    if (io.status == Status::would_block)
        BIO_set_retry_write(bio);
    return bio_result(io);
}

int bio_read(BIO* bio, char* bytes, int size) noexcept {
    BIO_clear_retry_flags(bio);
    auto io = socket_of(bio).receive(std::span<char>(bytes, static_cast<std::size_t>(size)));
    if (io.status == Status::would_block)
        BIO_set_retry_read(bio);
    return bio_result(io);
}

long bio_control(BIO*, int command, long, void*) noexcept {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) noexcept {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* socket_method() noexcept {
    static BIO_METHOD* method = [] {
        auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_ctrl(made, bio_control);
        BIO_meth_set_create(made, bio_create);
        return made;
    }();
    return method;
}

bool is_address(const std::string& host) noexcept {
    std::array<unsigned char, 16> bytes{};
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

void FreeSsl::operator()(ssl_st* ssl) const noexcept {
    // OpenSSL takes a connection that ends without close_notify for a truncated one and spoils its
    // session for resuming. Our messages say themselves where they end.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
}

void FreeSession::operator()(ssl_session_st* session) const noexcept {
    SSL_SESSION_free(session);
}

Wire::Step Wire::outcome(int result) noexcept {
    Step step;
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
        step.status = Status::would_block;
        break;
    case SSL_ERROR_WANT_WRITE:
        step.status = Status::would_block;
        step.want_write = true;
        break;
    case SSL_ERROR_ZERO_RETURN:
        step.status = Status::eof;
        break;
    default:
        step.status = Status::failed;
        step.error = errno;
        break;
    }
    return step;
}

Wire::Step Wire::receive(std::span<char> into) noexcept {
    if (!ssl_)
        return {socket_.receive(into)};
    // One record at most a call: go on while there are more, so that a read is as large as the
    // bytes that have arrived.
    std::size_t total = 0;
    while (total < into.size()) {
        ERR_clear_error();
        std::size_t got = 0;
        int result = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &got);
        if (result != 1) {
            if (total > 0)
                break;  // what ended it will show again on the next call
            return outcome(result);
        }
        total += got;
        if (SSL_has_pending(ssl_.get()) == 0)
            break;
    }
    Step step;
    step.status = Status::done;
    step.bytes = total;
    return step;
}

Wire::Step Wire::send(std::span<iovec> parts) noexcept {
    if (!ssl_)
        return {socket_.send(parts)};
    Step step;
    step.status = Status::done;
    for (const auto& part : parts) {
        if (part.iov_len == 0)
            continue;
        ERR_clear_error();
        std::size_t sent = 0;
        int result = SSL_write_ex(ssl_.get(), part.iov_base, part.iov_len, &sent);
        if (result != 1) {
            auto stopped = outcome(result);
            if (step.bytes > 0 && stopped.status == Status::would_block)
                return step;
            return stopped;
        }
        step.bytes += sent;
        if (sent < part.iov_len)
            return step;
    }
    return step;
}

bool Wire::has_buffered() const noexcept {
    return ssl_ && SSL_has_pending(ssl_.get()) == 1;
}

Result<void> Wire::start_tls(ssl_ctx_st* context, const std::string& host, ssl_session_st* resume) {
    ssl_.reset(SSL_new(context));
    auto* bio = BIO_new(socket_method());
    if (!ssl_ || bio == nullptr)
        return fail(Code::internal, "cannot set up TLS: " + tls_reason());
    BIO_set_data(bio, &socket_);
    SSL_set_bio(ssl_.get(), bio, bio);
    bool named = false;
    if (is_address(host)) {
        named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1;
    } else {
        SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        // SNI is for names only (RFC 6066 §3).
        named = SSL_set1_host(ssl_.get(), host.c_str()) == 1 &&
                SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1;
    }
    if (!named)
        return fail(Code::internal, "cannot set up TLS for " + host + ": " + tls_reason());
    if (resume != nullptr)
        SSL_set_session(ssl_.get(), resume);
    SSL_set_connect_state(ssl_.get());
    return ok();
}

Wire::Step Wire::handshake() noexcept {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    if (result != 1)
        return outcome(result);
    Step step;
    step.status = Status::done;
    return step;
}

Session Wire::take_session() noexcept {
    if (!ssl_)
        return nullptr;
    Session session(SSL_get1_session(ssl_.get()));
    if (session && SSL_SESSION_is_resumable(session.get()) != 1)
        session.reset();
    return session;
}

bool Wire::session_resumed() const noexcept {
    return ssl_ && SSL_session_reused(ssl_.get()) == 1;
}

std::string Wire::tls_reason() const {
    auto verdict = ssl_ ? SSL_get_verify_result(ssl_.get()) : X509_V_OK;
    auto number = ERR_peek_last_error();
    ERR_clear_error();
    if (verdict != X509_V_OK)
        return std::string("the certificate is not trusted: ") +
               X509_verify_cert_error_string(verdict);
    const char* reason = ERR_reason_error_string(number);
    if (reason != nullptr)
        return reason;
    return "the connection was closed";
}

}  // namespace obliv::upstream
