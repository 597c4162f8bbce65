#include "core/tokenizer/char_class.hpp"

#include <catch2/catch.hpp>
#include <string_view>

using namespace obliv::tokenizer;

namespace {

Char first(std::string_view text) {
    return char_at(text.data(), text.data() + text.size());
}

}  // namespace

TEST_CASE("characters have the class that Unicode gives them", "[tokenizer]") {
    CHECK(first("a").cls == char_lower);
    CHECK(first("\u01c5").cls == char_upper);  // a title-case letter
    CHECK(first("\u02b0").cls == char_caseless);
    CHECK(first("\u4e2d").cls == char_caseless);
    CHECK(first("\u0301").cls == char_mark);
    CHECK(first("\u2167").cls == char_number);
    CHECK(first("\u3000").cls == char_space);
    CHECK(first("\n").cls == char_newline);
    CHECK(first("+").cls == char_symbol);
    CHECK(first("\u200d").cls == char_control);
    CHECK(first("\U0001F600").cls == char_symbol);
    CHECK(first("\U0010FFFF").cls == char_control);
}

TEST_CASE("a character is measured, and told from one that is cut off", "[tokenizer]") {
    CHECK(first("\u00e9x").bytes == 2);
    CHECK(first("\u4e2dx").bytes == 3);
    CHECK(first("\U0001F600x").bytes == 4);
    CHECK(first("\xE4\xB8").cut);
    CHECK(first("\xF0").cut);
    CHECK_FALSE(first("\xE4z").cut);
    CHECK(code_point("\xF0\x9F\x98\x80", first("\xF0\x9F\x98\x80")) == 0x1F600);
}

TEST_CASE("overlong forms, surrogates and stray bytes are one symbol each", "[tokenizer]") {
    for (std::string_view text : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                  "\xF5\x80\x80\x80", "\x80", "\xFF"}) {
        CHECK(first(text).bytes == 1);
        CHECK(first(text).cls == char_symbol);
        CHECK_FALSE(first(text).cut);
    }
}
