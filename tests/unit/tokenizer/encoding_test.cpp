#include "core/tokenizer/encoding.hpp"

#include "core/tokenizer/counter.hpp"
#include "core/tokenizer/named.hpp"
#include "core/tokenizer/packed.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace obliv::tokenizer;

namespace {

using Ids = std::vector<TokenId>;

Encoding open(std::string_view name) {
    for (const auto& named : named_encodings())
        if (named.name == name) {
            auto encoding = open_named(named, OBLIV_VOCABULARIES);
            REQUIRE(encoding);
            return std::move(*encoding);
        }
    FAIL("no such encoding");
    std::abort();
}

// All single bytes, then what is merged, lowest rank first.
Encoding small(const std::vector<std::string>& merged) {
    std::vector<std::string> tokens;
    for (int byte = 0; byte < 256; ++byte)
        tokens.emplace_back(1, static_cast<char>(byte));
    tokens.insert(tokens.end(), merged.begin(), merged.end());
    auto vocabulary = Vocabulary::own(*pack(tokens));
    REQUIRE(vocabulary);
    return Encoding({"small", {Pattern::gpt2, 0}, std::move(*vocabulary), {}, nullptr, true});
}

}  // namespace

// The ids that OpenAI's own documentation and test plan give.
TEST_CASE("published samples have the published tokens", "[tokenizer]") {
    CHECK(open("r50k_base").encode("hello") == Ids{31373});
    CHECK(open("cl100k_base").encode("tiktoken is great!") == Ids{83, 1609, 5963, 374, 2294, 0});
    CHECK(open("p50k_base").encode("a a") == Ids{64, 257});
    CHECK(open("o200k_base").encode("hello world") == Ids{24912, 2375});
}

TEST_CASE("special tokens are text unless they are asked for", "[tokenizer]") {
    auto encoding = open("o200k_harmony");
    std::string text = "<|start|>user<|message|>hi<|end|><|startx";
    CHECK(encoding.count(text) == encoding.encode(text).size());
    CHECK(encoding.encode("<|start|>").size() > 1);
    auto ids = encoding.encode(text, Specials::recognised);
    CHECK(ids.size() == encoding.count(text, Specials::recognised));
    CHECK(ids[0] == 200006);
    CHECK(ids[2] == 200008);
    CHECK(encoding.bytes(200006) == "<|start|>");
    CHECK(encoding.bytes(9'000'000).empty());
}

TEST_CASE("the lowest rank merges first, of equals the leftmost", "[tokenizer]") {
    auto encoding = small({"bc", "ab", "aa"});
    CHECK(encoding.encode("abc") == Ids{'a', 256});
    CHECK(encoding.encode("aaa") == Ids{258, 'a'});
    CHECK(encoding.encode("aaaa") == Ids{258, 258});
}

TEST_CASE("long pieces merge as short ones do", "[tokenizer]") {
    // Behind 200 bytes that merge with nothing, the heap has to find what the list found.
    auto encoding = small({"bc", "ab", "aa", "abc", "aab", "ca", "cab", "aabc", "bca"});
    auto seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::string wall(200, 'z');
    for (int i = 0; i < 300; ++i) {
        std::string text;
        for (auto n = 1 + random() % 60; n > 0; --n)
            text += static_cast<char>('a' + random() % 3);
        auto alone = encoding.encode(text + "z");
        auto behind = encoding.encode(wall + text + "z");
        CHECK(Ids(behind.begin() + 200, behind.end()) == alone);
    }
}

TEST_CASE("a megabyte without a blank is counted, whole and as a stream", "[tokenizer]") {
    auto encoding = open("o200k_base");
    for (std::string_view unit : {"a", " ", "\u4e2d", "qzj", "=", "\n", "A\u4e2d"}) {
        std::string text;
        while (text.size() < 1'000'000)
            text += unit;
        auto tokens = encoding.count(text);
        CHECK(tokens > 0);
        Counter counter(encoding);
        for (std::size_t at = 0; at < text.size(); at += 7)
            counter.add(std::string_view(text).substr(at, 7));
        CHECK(counter.count() == tokens);
    }
}

TEST_CASE("a stream keeps no more than its last word", "[tokenizer]") {
    auto encoding = open("cl100k_base");
    Counter counter(encoding);
    for (int i = 0; i < 10'000; ++i)
        counter.add("word ");
    CHECK(counter.pending() < 200);
    CHECK(counter.count() == encoding.count([] {
        std::string text;
        for (int i = 0; i < 10'000; ++i)
            text += "word ";
        return text;
    }()));
}
