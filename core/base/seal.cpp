#include "core/base/seal.hpp"

#include "core/base/check.hpp"
#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/random.hpp"

#include <memory>
#include <openssl/evp.h>
#include <span>

namespace obliv {
namespace {

constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* raw(std::string& text, std::size_t at) {
    return reinterpret_cast<unsigned char*>(text.data() + at);
}

}  // namespace

std::string seal(const MasterKey& key, std::string_view purpose, const Secret& secret) {
    auto text = secret.reveal();
    std::string out(nonce_bytes + text.size() + tag_bytes, '\0');
    random_bytes({raw(out, 0), nonce_bytes});
    Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int length = 0;
    bool done =
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), raw(out, 0)) ==
            1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &length, as_bytes(purpose).data(),
                          static_cast<int>(purpose.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), raw(out, nonce_bytes), &length, as_bytes(text).data(),
                          static_cast<int>(text.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), raw(out, nonce_bytes + text.size()), &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes,
                            raw(out, nonce_bytes + text.size())) == 1;
    check(done, "AES-256-GCM cannot fail to encrypt");
    return out;
}

Result<Secret> open_sealed(const MasterKey& key, std::string_view purpose,
                           std::string_view sealed) {
    auto bad = [] {
        return fail(Code::corrupt,
                    "a stored secret cannot be read: the master key is another one, or the "
                    "store was changed");
    };
    if (sealed.size() < nonce_bytes + tag_bytes)
        return bad();
    auto nonce = as_bytes(sealed.substr(0, nonce_bytes));
    auto text = as_bytes(sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes));
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    std::string out(text.size(), '\0');
    Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int length = 0;
    bool done =
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) ==
            1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &length, as_bytes(purpose).data(),
                          static_cast<int>(purpose.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), raw(out, 0), &length, text.data(),
                          static_cast<int>(text.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), raw(out, text.size()), &length) == 1;
    if (!done)
        return bad();
    return Secret(std::move(out));
}

std::string key_fingerprint(const MasterKey& key) {
    auto digest = sha256(as_chars(key));
    return to_hex(std::span(digest).first(8));
}

}  // namespace obliv
