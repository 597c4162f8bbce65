#include "cli/sim/words.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace obliv::sim;

TEST_CASE("words are runs of bytes between ASCII blanks", "[sim]") {
    CHECK(count_words("") == 0);
    CHECK(count_words(" \t\r\n") == 0);
    CHECK(count_words("one") == 1);
    CHECK(count_words("  one\ttwo\r\nthree ") == 3);
    CHECK(count_words("Grüße 世界") == 2);
}

TEST_CASE("the words of a text, put together, are the text up to its last word", "[sim]") {
    std::string text = "  one\ttwo\r\nthree ";
    std::string joined;
    auto words = split_words(text);
    for (auto word : words)
        joined += word;
    CHECK(joined == "  one\ttwo\r\nthree");
    CHECK(words.size() == 3);
    CHECK(split_words(" ").empty());
}

TEST_CASE("a text of n simulated words counts n, however long", "[sim]") {
    std::string text;
    for (std::size_t i = 0; i < 200; ++i) {
        text += lorem(i);
        REQUIRE(count_words(text) == static_cast<std::int64_t>(i + 1));
    }
    CHECK(text.starts_with("lorem ipsum"));
}
