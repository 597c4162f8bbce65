#include "core/base/seal.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

namespace {

MasterKey key_of(std::uint8_t fill) {
    MasterKey key;
    key.fill(fill);
    return key;
}

}  // namespace

TEST_CASE("what was sealed opens with its key and purpose", "[base]") {
    for (const auto& text :
         {std::string(), std::string("sk-1"), std::string(5000, 'x'), std::string("\0\xff", 2)}) {
        auto sealed = seal(key_of(1), "channel 1", Secret(text));
        CHECK(sealed.size() == text.size() + 28);
        auto opened = open_sealed(key_of(1), "channel 1", sealed);
        REQUIRE(opened);
        CHECK(opened->reveal() == text);
    }
}

TEST_CASE("the same secret never seals to the same bytes", "[base]") {
    auto first = seal(key_of(1), "p", Secret("secret"));
    auto second = seal(key_of(1), "p", Secret("secret"));
    CHECK(first != second);
    CHECK(first.find("secret") == std::string::npos);
}

TEST_CASE("another key or purpose does not open it", "[base]") {
    auto sealed = seal(key_of(1), "channel 1", Secret("secret"));
    for (const auto& opened :
         {open_sealed(key_of(2), "channel 1", sealed), open_sealed(key_of(1), "channel 2", sealed),
          open_sealed(key_of(1), "", sealed)}) {
        REQUIRE(!opened);
        CHECK(opened.error().code == Code::corrupt);
        CHECK(opened.error().message.find("secret cannot be read") != std::string::npos);
    }
}

TEST_CASE("every changed bit and every missing byte is noticed", "[base]") {
    auto sealed = seal(key_of(1), "p", Secret("secret"));
    for (std::size_t at = 0; at < sealed.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = sealed;
            changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
            CAPTURE(at, bit);
            CHECK(!open_sealed(key_of(1), "p", changed));
        }
    for (std::size_t length = 0; length < sealed.size(); ++length)
        CHECK(!open_sealed(key_of(1), "p", std::string_view(sealed).substr(0, length)));
    CHECK(!open_sealed(key_of(1), "p", sealed + "x"));
}

TEST_CASE("a fingerprint names a key", "[base]") {
    CHECK(key_fingerprint(key_of(1)).size() == 16);
    CHECK(key_fingerprint(key_of(1)) == key_fingerprint(key_of(1)));
    CHECK(key_fingerprint(key_of(1)) != key_fingerprint(key_of(2)));
}
