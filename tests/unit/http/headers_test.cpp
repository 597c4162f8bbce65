#include "core/http/headers.hpp"

#include "core/base/random.hpp"
#include "core/base/text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <string>

using namespace obliv;
using namespace obliv::http;

TEST_CASE("headers are found by name in any case, the first of each", "[http]") {
    std::string text = "content-type|CONTENT-LENGTH|x-a|x-b|content-type";
    Headers headers;
    headers.reset(text.data());
    std::string_view rest = text;
    constexpr std::array<std::string_view, 5> values{"0", "1", "2", "3", "4"};
    std::string base = text + "01234";
    headers.reset(base.data());
    rest = std::string_view(base).substr(0, text.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto name = rest.substr(0, rest.find('|'));
        headers.add(name, std::string_view(base).substr(text.size() + i, 1));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    }
    REQUIRE(headers.size() == 5);
    CHECK(headers.find("Content-Type") == "0");
    CHECK(headers.find("content-length") == "1");
    CHECK(headers.find("X-A") == "2");
    CHECK(headers.find("X-B") == "3");
    CHECK_FALSE(headers.find("x-c"));
    CHECK_FALSE(headers.find("content-typf"));
    CHECK_FALSE(headers.find(""));
    headers.reset(base.data());
    CHECK_FALSE(headers.find("content-type"));
}

TEST_CASE("names are compared as if byte by byte", "[http]") {
    std::uint64_t seed = 20261123;
    INFO("seed " << seed);
    Random random(seed);
    // The neighbours of the letters, and what differs from a letter by the bit of the case alone.
    constexpr std::string_view alphabet = "AZaz@[`{-M\rm\xc1\xe1\x80";
    for (int round = 0; round < 20'000; ++round) {
        std::string one(random.below(28), '\0');
        for (auto& c : one)
            c = alphabet[random.below(alphabet.size())];
        auto other = one;
        for (auto& c : other)
            if (random.below(2) == 0)
                c = lower(c);
        if (!other.empty() && random.below(2) == 0)
            other[random.below(other.size())] = alphabet[random.below(alphabet.size())];
        INFO(one << " " << other);
        REQUIRE(same_name(one, other) == equal_ignoring_case(one, other));
    }
    CHECK_FALSE(same_name("content-type", "content-typ"));
}

TEST_CASE("the first control byte is found wherever it is", "[http]") {
    for (std::size_t size = 0; size < 40; ++size)
        for (std::size_t at = 0; at <= size; ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, '\xc3');
                if (at < size)
                    text[at] = static_cast<char>(byte);
                bool control = at < size && byte != '\t' && (byte < 0x20 || byte == 0x7F);
                if (find_control(text) != (control ? at : size))
                    FAIL("size " << size << ", byte " << byte << " at " << at);
            }
    CHECK(find_control(std::string(40, '\n')) == 0);
}
