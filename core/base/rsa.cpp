#include "core/base/rsa.hpp"

#include "core/base/encoding.hpp"

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace obliv {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// An encrypted key would ask for its password at the terminal; this answers that there is none.
int no_password(char*, int, int, void*) {
    return -1;
}

Key read_key(std::string_view pem) {
    std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    auto* key =
        memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr) : nullptr;
    return {key, EVP_PKEY_free};
}

}  // namespace

Result<std::string> rs256_signature(std::string_view private_key, std::string_view bytes) {
    constexpr std::size_t pem_bytes_max = 64 << 10;
    constexpr int bits_min = 2048;
    if (private_key.size() > pem_bytes_max)
        return fail(Code::config_invalid, "the private key is too long to be one");
    auto key = read_key(private_key);
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_bits(key.get()) < bits_min)
        return fail(Code::config_invalid,
                    "the private key is no RSA key of at least 2048 bits in PEM");
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                    EVP_MD_CTX_free);
    auto input = as_bytes(bytes);
    std::size_t size = 0;
    bool sized =
        context &&
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), nullptr, &size, input.data(), input.size()) == 1;
    std::string out(size, '\0');
    auto* place = reinterpret_cast<unsigned char*>(out.data());
    if (!sized || EVP_DigestSign(context.get(), place, &size, input.data(), input.size()) != 1)
        return fail(Code::internal, "signing with RSA failed");
    out.resize(size);
    return out;
}

}  // namespace obliv
