#include "core/base/digest.hpp"

#include "core/base/encoding.hpp"
#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

namespace {

/// CRC-32C by its definition, one bit at a time.
std::uint32_t naive_crc(std::string_view bytes) {
    std::uint32_t crc = ~0U;
    for (char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0x82F63B78U : crc >> 1;
    }
    return ~crc;
}

}  // namespace

TEST_CASE("SHA-256 gives the digests of its standard", "[base]") {
    CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const std::string_view pieces[] = {"a", "", "bc"};
    CHECK(sha256(pieces) == sha256("abc"));
    CHECK(Sha256Hash{}(sha256("a")) != Sha256Hash{}(sha256("b")));
}

TEST_CASE("HMAC-SHA-256 gives the codes of RFC 4231", "[base]") {
    CHECK(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    // A key longer than a block is hashed first.
    CHECK(to_hex(hmac_sha256(std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("CRC-32 gives its check value and may be continued", "[base]") {
    CHECK(crc32("123456789") == 0xCBF43926U);
    CHECK(crc32("") == 0);
    CHECK(crc32("6789", crc32("12345")) == crc32("123456789"));
}

TEST_CASE("CRC-32C gives its check value and may be continued", "[base]") {
    CHECK(crc32c("123456789") == 0xE3069283U);
    CHECK(crc32c("") == 0);
    CHECK(crc32c("6789", crc32c("12345")) == crc32c("123456789"));
}

TEST_CASE("CRC-32C agrees with its definition at every length", "[base]") {
    Random random(7);
    std::string bytes;
    for (int length = 0; length < 100; ++length) {
        CAPTURE(length);
        CHECK(crc32c(bytes) == naive_crc(bytes));
        bytes += static_cast<char>(random.below(256));
    }
}
