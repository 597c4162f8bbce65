#include "core/tokenizer/splitter.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace obliv::tokenizer;

namespace {

using Pieces = std::vector<std::string>;

Pieces split(SplitRule rule, std::string_view text) {
    Pieces pieces;
    for (Splitter splitter(rule, text); !splitter.done();)
        pieces.emplace_back(splitter.next());
    return pieces;
}

constexpr SplitRule gpt2{Pattern::gpt2, 0};
constexpr SplitRule cl100k{Pattern::cl100k, 3};
constexpr SplitRule o200k{Pattern::o200k, 3};

}  // namespace

TEST_CASE("gpt2 keeps a blank before a word, and digits together", "[tokenizer]") {
    CHECK(split(gpt2, "don't stop 12345!?") == Pieces{"don", "'t", " stop", " 12345", "!?"});
    CHECK(split(gpt2, "DON'T") == Pieces{"DON", "'", "T"});
}

TEST_CASE("cl100k cuts digits by threes and knows contractions in any case", "[tokenizer]") {
    CHECK(split(cl100k, "DON'T 12345") == Pieces{"DON", "'T", " ", "123", "45"});
    CHECK(split(cl100k, "it\u2019s") == Pieces{"it", "\u2019s"});
    CHECK(split(cl100k, "(word)\n\n  x") == Pieces{"(word", ")\n\n", " ", " x"});
    CHECK(split({Pattern::cl100k, 1}, "12") == Pieces{"1", "2"});
}

TEST_CASE("o200k begins a piece at an upper-case letter behind a lower-case one", "[tokenizer]") {
    CHECK(split(o200k, "getElementById") == Pieces{"get", "Element", "By", "Id"});
    CHECK(split(o200k, "HTTPServer's") == Pieces{"HTTPServer's"});
    CHECK(split(o200k, "path/to//\n/x") == Pieces{"path", "/to", "//\n/", "x"});
}

TEST_CASE("a letter without case ends the lower-case part that follows upper case", "[tokenizer]") {
    CHECK(split(o200k, "\u4e2dAB") == Pieces{"\u4e2d", "AB"});
    CHECK(split(o200k, "A\u4e2dB") == Pieces{"A\u4e2d", "B"});
    CHECK(split(o200k, "\u0301AB") == Pieces{"\u0301", "AB"});
}

TEST_CASE("the last blank of a run goes with the word behind it", "[tokenizer]") {
    for (auto rule : {gpt2, cl100k, o200k}) {
        CHECK(split(rule, "a   b") == Pieces{"a", "  ", " b"});
        CHECK(split(rule, "a   ") == Pieces{"a", "   "});
    }
    CHECK(split(gpt2, "a \n b") == Pieces{"a", " \n", " b"});
    CHECK(split(cl100k, "a \n  b") == Pieces{"a", " \n", " ", " b"});
}

TEST_CASE("bytes that are no UTF-8 are symbols and are all there", "[tokenizer]") {
    std::string text = "a\xFF\xC3(\xE4\xB8 b\xED\xA0\x80z\xF0\x9F";
    for (auto rule : {gpt2, cl100k, o200k}) {
        std::string again;
        for (const auto& piece : split(rule, text))
            again += piece;
        CHECK(again == text);
    }
    CHECK(split(gpt2, "a\xFF\xC3(") == Pieces{"a", "\xFF\xC3("});
}

TEST_CASE("a piece is open-ended exactly when more text could change it", "[tokenizer]") {
    auto open = [](SplitRule rule, std::string_view text) {
        Splitter splitter(rule, text);
        splitter.next();
        return splitter.open_ended();
    };
    CHECK(open(cl100k, "word"));
    CHECK_FALSE(open(cl100k, "word,"));
    CHECK_FALSE(open(cl100k, "123"));
    CHECK(open(cl100k, "12"));
    CHECK(open(cl100k, "'l"));
    CHECK(open(o200k, "word'"));
    CHECK_FALSE(open(o200k, "word'x"));
    CHECK(open(o200k, "word\xC3"));
    CHECK(open(cl100k, "  "));
}
