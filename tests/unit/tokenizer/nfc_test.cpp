#include "core/tokenizer/nfc.hpp"

#include <catch2/catch.hpp>

using obliv::tokenizer::nfc;

// From Unicode's own conformance test, parts 0 and 1.
TEST_CASE("texts come into normal form C", "[tokenizer]") {
    CHECK(nfc("plain \u00e9") == "plain \u00e9");
    CHECK(nfc("e\u0301") == "\u00e9");
    CHECK(nfc("D\u0307\u0323") == "\u1e0c\u0307");
    CHECK(nfc("\u1e0a\u0323") == "\u1e0c\u0307");
    CHECK(nfc("\u0344") == "\u0308\u0301");
    CHECK(nfc("\u212b") == "\u00c5");
    CHECK(nfc("\u1100\u1161\u11a8") == "\uac01");
    CHECK(nfc("\uac00\u11a8") == "\uac01");
    CHECK(nfc("\u0958") == "\u0915\u093c");  // excluded from composition
    CHECK(nfc("\U0001D15E") == "\U0001D157\U0001D165");
    CHECK(nfc("a\u0315\u0300\u05ae\u0300b") == "\u00e0\u05ae\u0300\u0315b");
    CHECK(nfc("e\u0334\u0301") == "\u00e9\u0334");
}

TEST_CASE("bytes that are no UTF-8 stay as they are", "[tokenizer]") {
    CHECK(nfc("\xFF"
              "e\u0301\xE4\xB8") == "\xFF\u00e9\xE4\xB8");
    CHECK(nfc("") == "");
}
