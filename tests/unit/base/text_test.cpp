#include "core/base/text.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

namespace {

/// UTF-8 of a code point, also of those that must not be written.
std::string encoded(std::uint32_t point, int length) {
    if (length == 1)
        return std::string(1, static_cast<char>(point));
    std::string out(static_cast<std::size_t>(length), '\0');
    for (int i = length - 1; i > 0; --i, point >>= 6)
        out[static_cast<std::size_t>(i)] = static_cast<char>(0x80 | (point & 0x3F));
    out[0] = static_cast<char>((0xF00 >> length) | static_cast<int>(point));
    return out;
}

int shortest(std::uint32_t point) {
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

std::optional<std::string_view> meant(std::string_view word) {
    static constexpr std::string_view known[] = {"listen", "threads", "socket", "status", "run"};
    return did_you_mean(word, known);
}

}  // namespace

TEST_CASE("every scalar value is UTF-8 and nothing else is", "[base]") {
    std::size_t wrong = 0;
    for (std::uint32_t point = 0; point <= 0x11'FFFF; ++point) {
        bool scalar = point <= 0x10'FFFF && (point < 0xD800 || point > 0xDFFF);
        if (first_invalid_utf8(encoded(point, shortest(point))).has_value() == scalar)
            ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("overlong, cut and stray sequences are found where they begin", "[base]") {
    CHECK(first_invalid_utf8(encoded('/', 2)) == 0);
    CHECK(first_invalid_utf8(encoded('/', 3)) == 0);
    CHECK(first_invalid_utf8(encoded(0x7FF, 3)) == 0);
    CHECK(first_invalid_utf8(encoded(0xFFFF, 4)) == 0);
    CHECK(first_invalid_utf8("ab\x80") == 2);
    CHECK(first_invalid_utf8("é\xC3") == 2);
    CHECK(first_invalid_utf8("\xE2\x82") == 0);
    CHECK(first_invalid_utf8("\xF0\x9F\x98") == 0);
    CHECK(first_invalid_utf8("\xFE") == 0);
    CHECK(first_invalid_utf8("\xFF") == 0);
    CHECK(!first_invalid_utf8(""));
    CHECK(!first_invalid_utf8("aé€😀"));
}

TEST_CASE("nothing that drives a terminal stays", "[base]") {
    CHECK(visible("plain äöü 😀\n\ttext") == "plain äöü 😀\n\ttext");
    CHECK(visible("\x1b[31m") == "␛[31m");
    CHECK(visible(std::string("\0\r\x7f", 3)) == "␀␍␡");
    CHECK(visible("\xC2\x9B") == "\xEF\xBF\xBD");  // CSI in one character
    CHECK(visible("\xE2\x80\xAE"
                  "x") == "\xEF\xBF\xBD"
                          "x");                        // right-to-left override
    CHECK(visible("\xE2\x81\xA6") == "\xEF\xBF\xBD");  // isolate
    CHECK(visible("\xE2\x80\xA8") == "\xEF\xBF\xBD");  // line separator
    CHECK(visible("\xD8\x9C") == "\xEF\xBF\xBD");      // Arabic letter mark
    CHECK(visible("a\xFFz") == "a\xEF\xBF\xBDz");
}

TEST_CASE("whatever comes in, what is shown is UTF-8 without controls", "[base]") {
    const std::uint64_t seed = 99;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random.below(20), '\0');
        for (char& c : bytes)
            c = static_cast<char>(random.below(256));
        auto shown = visible(bytes);
        CHECK(!first_invalid_utf8(shown));
        for (char c : shown)
            CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t'));
        CHECK(visible(shown) == shown);
    }
}

TEST_CASE("a line's end is found as the naive search finds it", "[base]") {
    auto seed = GENERATE(1, 2, 3);
    Random random(static_cast<std::uint64_t>(seed));
    for (int round = 0; round < 5000; ++round) {
        std::string text(random.below(70), 'x');
        for (auto& c : text)
            if (random.below(24) == 0)
                c = "\r\n\f\v"[random.below(4)];
        auto from = random.below(text.size() + 2);
        INFO("seed " << seed << ", from " << from << " of " << visible(text));
        CHECK(find_line_end(text, from) == std::string_view(text).find_first_of("\r\n", from));
    }
}

TEST_CASE("a guess is near, or there is none", "[base]") {
    CHECK(meant("listn") == "listen");
    CHECK(meant("lisetn") == "listen");
    CHECK(meant("LISTEN") == "listen");
    CHECK(meant("thread") == "threads");
    CHECK(meant("stat") == "status");
    CHECK(meant("rnu") == "run");
    CHECK(!meant("xyz"));
    CHECK(!meant("r"));
    CHECK(!meant(""));
    CHECK(!meant("completely different"));
    CHECK(!did_you_mean("a", {}));
}

TEST_CASE("small helpers do what their names say", "[base]") {
    CHECK(lower('A') == 'a');
    CHECK(lower('[') == '[');
    CHECK(equal_ignoring_case("Content-TYPE", "content-type"));
    CHECK(!equal_ignoring_case("a", "ab"));
    CHECK(!equal_ignoring_case("@", "`"));
    CHECK(trim(" \t a b\t ") == "a b");
    CHECK(trim(" \t ") == "");
    CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("a number is all of its text and fits", "[base]") {
    CHECK(parse_int("0") == 0);
    CHECK(parse_int("-5") == -5);
    CHECK(parse_int("9223372036854775807") == INT64_MAX);
    for (auto bad : {"", "+5", " 5", "5 ", "5x", "0x5", "1e3", "9223372036854775808", "-"}) {
        CAPTURE(bad);
        CHECK(!parse_int(bad));
    }
}
