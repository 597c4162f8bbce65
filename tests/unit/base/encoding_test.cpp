#include "core/base/encoding.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

TEST_CASE("hexadecimal is lower case, read in both cases", "[base]") {
    CHECK(to_hex(as_bytes(std::string("\0\x7f\xff", 3))) == "007fff");
    CHECK(*from_hex("007FfF") == std::string("\0\x7f\xff", 3));
    CHECK(*from_hex("") == "");
    for (auto bad : {"0", "0g", "g0", "0x", " 0", "00 "}) {
        CAPTURE(bad);
        auto read = from_hex(bad);
        REQUIRE(!read);
        CHECK(read.error().code == Code::invalid_request);
    }
}

TEST_CASE("base64 gives the examples of its standard", "[base]") {
    const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}};
    for (const auto& [text, coded] : examples) {
        CHECK(to_base64(text) == coded);
        CHECK(*from_base64(coded) == text);
    }
}

TEST_CASE("what is not base64 is refused", "[base]") {
    for (auto bad : {"Zg", "Zg=", "Z===", "====", "Zg==\n", " Zg=", "Z g=", "Zm9v\n\n\n\n", "Zm8-",
                     "Zm9=v===", "=Zm9", "Zh==", "Zm9="}) {
        CAPTURE(bad);
        CHECK(!from_base64(bad));
    }
}

TEST_CASE("any bytes come back from both encodings", "[base]") {
    const std::uint64_t seed = 20'261'122;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 300; ++round) {
        std::string bytes(random.below(70), '\0');
        for (char& c : bytes)
            c = static_cast<char>(random.below(256));
        CHECK(*from_hex(to_hex(as_bytes(bytes))) == bytes);
        CHECK(*from_base64(to_base64(bytes)) == bytes);
    }
}
