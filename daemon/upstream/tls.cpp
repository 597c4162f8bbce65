#include "daemon/upstream/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <mutex>

namespace obliv::upstream {
namespace {

struct FreeContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

std::string last_reason() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

}  // namespace

struct Tls::Parts {
    TlsOptions options;
    std::mutex mutex;
    std::unique_ptr<SSL_CTX, FreeContext> context;  // guarded by mutex until it is made
};

Tls::Tls(TlsOptions options) : parts_(std::make_unique<Parts>()) {
    parts_->options = std::move(options);
}

Tls::~Tls() = default;

Result<ssl_ctx_st*> Tls::context() {
    std::lock_guard lock(parts_->mutex);
    if (parts_->context)
        return parts_->context.get();
    std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
    if (!context)
        return fail(Code::internal, "cannot set up TLS: " + last_reason());
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    // An idle stream gives its record buffers back (34 KiB); a write may go on from another address
    // after it would have blocked.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context.get(), 1);
    // Sessions are kept by each pool, beside the endpoint they belong to.
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
        return fail(Code::config_invalid,
                    "cannot read the system's certificates: " + last_reason());
    const auto& file = parts_->options.ca_file;
    if (!file.empty() && SSL_CTX_load_verify_file(context.get(), file.c_str()) != 1)
        return fail(Code::config_invalid,
                    "cannot read certificates from " + file + ": " + last_reason());
    parts_->context = std::move(context);
    return parts_->context.get();
}

}  // namespace obliv::upstream
