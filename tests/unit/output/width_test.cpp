#include "cli/output/width.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace obliv::cli;

TEST_CASE("wide, combining and joined characters take the columns a terminal gives them",
          "[output]") {
    CHECK(text_width("abc") == 3);
    CHECK(text_width("世界") == 4);
    CHECK(text_width("e\xCC\x81") == 1);  // e and a combining acute
    CHECK(text_width("한글") == 4);
    CHECK(text_width("😀") == 2);
    CHECK(text_width("👩‍🚀") == 2);  // joined by U+200D
    CHECK(text_width("ｆｕｌｌ") == 8);
    CHECK(text_width("") == 0);
}

TEST_CASE("cut text fits, says that it was cut and never splits a character", "[output]") {
    CHECK(cut_to_width("hello", 5) == "hello");
    CHECK(cut_to_width("hello", 4) == "hel…");
    CHECK(cut_to_width("世界人", 4) == "世…");
    CHECK(cut_to_width("e\xCC\x81xyz", 2) == "e\xCC\x81…");
    CHECK(cut_to_width("hello", 1) == "…");
    CHECK(cut_to_width("hello", 0).empty());
}

TEST_CASE("boundaries keep clusters together, forwards and backwards", "[output]") {
    std::string text = "a"
                       "e\xCC\x81"
                       "👩‍🚀"
                       "\n"
                       "b";
    std::vector<std::size_t> forward{0};
    while (forward.back() < text.size())
        forward.push_back(boundary_after(text, forward.back()));
    CHECK(forward.size() == 6);
    for (std::size_t i = 1; i < forward.size(); ++i)
        CHECK(boundary_before(text, forward[i]) == forward[i - 1]);
    CHECK(boundary_before(text, 0) == 0);
}

TEST_CASE("any bytes have boundaries that go on and come back", "[output]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 300; ++round) {
        std::string text;
        for (auto left = random() % 24; left > 0; --left)
            text += static_cast<char>(random() % 256);
        std::size_t at = 0;
        while (at < text.size()) {
            auto next = boundary_after(text, at);
            REQUIRE(next > at);
            REQUIRE(next <= text.size());
            REQUIRE(boundary_before(text, next) < next);
            at = next;
        }
        REQUIRE(text_width(cut_to_width(text, 5)) <= 5);
    }
}
