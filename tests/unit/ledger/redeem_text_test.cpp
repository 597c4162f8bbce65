#include "core/ledger/redeem_text.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace obliv;
using namespace obliv::ledger;

TEST_CASE("codes differ, and mean the same however they are typed", "[ledger]") {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        auto code = new_redeem_code();
        std::string text(code.reveal());
        REQUIRE(text.size() == 23);
        auto plain = plain_redeem_code(text);
        REQUIRE(plain);
        CHECK(seen.insert(*plain).second);
        std::string low;
        for (char c : text)
            low += c == '-' ? ' ' : static_cast<char>(std::tolower(c));
        CHECK(plain_redeem_code(low) == plain);
        CHECK(plain->substr(0, redeem_prefix_length) == text.substr(0, redeem_prefix_length));
    }
}

TEST_CASE("letters that look like digits are digits", "[ledger]") {
    CHECK(plain_redeem_code("oO0Ii-lL111-00000-00000") == "00011111110000000000");
}

TEST_CASE("what cannot be a code is none", "[ledger]") {
    for (const char* text : {"", "00000-00000-00000-0000", "00000-00000-00000-000000",
                             "U0000-00000-00000-00000", "00000-00000-00000-0000é"})
        CHECK_FALSE(plain_redeem_code(text));
    CHECK_FALSE(plain_redeem_code(std::string(1000, '-')));
}
