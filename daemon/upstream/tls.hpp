#pragma once

#include "core/base/result.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace obliv::upstream {

struct TlsOptions {
    std::string ca_file;  ///< PEM certificates to trust besides the system's; empty for none
};

/// What TLS connections to upstreams have in common: trusted certificates, TLS 1.2 or later, and
/// verification that cannot be switched off. Made when the first one is needed, because reading the
/// system's certificates costs a megabyte. Safe from any thread.
class Tls {
public:
    explicit Tls(TlsOptions options);
    ~Tls();
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    /// The OpenSSL context, owned by this. A CA file that cannot be read is `Code::config_invalid`.
    Result<ssl_ctx_st*> context();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace obliv::upstream
