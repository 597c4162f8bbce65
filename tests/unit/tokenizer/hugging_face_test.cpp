#include "core/tokenizer/hugging_face.hpp"

#include "core/tokenizer/counter.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::tokenizer;
using Json = nlohmann::json;

namespace {

// "ab" merges before "bc", as ranks of merges say, though its id is the higher one.
Json small() {
    return Json::parse(R"({
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
        "added_tokens": [{"id": 90, "content": "<|end|>"}],
        "model": {"type": "BPE", "unk_token": null, "byte_fallback": false,
            "vocab": {"a": 0, "b": 1, "c": 2, "Ġ": 3, "bc": 4, "ab": 5, "Ġa": 6, "Ã": 7, "©": 8, "Ã©": 9, "<|end|>": 90},
            "merges": ["a b", "b c", "Ġ a", "Ã ©"]}})");
}

std::string refusal(const std::function<void(Json&)>& change) {
    auto json = small();
    change(json);
    auto read = read_hugging_face("x", json.dump());
    return read ? "taken" : read.error().message;
}

}  // namespace

TEST_CASE("a tokenizer.json merges by its own order, and by ids of its own", "[tokenizer]") {
    auto encoding = read_hugging_face("small", small().dump());
    REQUIRE(encoding);
    CHECK(encoding->encode("abc") == std::vector<TokenId>{5, 2});
    CHECK(encoding->encode("bc a") == std::vector<TokenId>{4, 6});
    CHECK(encoding->encode("e\u0301").size() == 1);  // composed first, of which "Ã©" is the letters
    CHECK(encoding->encode("ab<|end|>", encoding->usual()) == std::vector<TokenId>{5, 90});
    CHECK(encoding->bytes(6) == " a");
    CHECK(encoding->encode("z") == std::vector<TokenId>{no_token});
}

TEST_CASE("merges may be lists of two", "[tokenizer]") {
    auto json = small();
    json["model"]["merges"] = Json::parse(R"([["b","c"],["a","b"]])");
    auto encoding = read_hugging_face("small", json.dump());
    REQUIRE(encoding);
    CHECK(encoding->encode("abc") == std::vector<TokenId>{0, 4});
}

TEST_CASE("with ignore_merges a piece that is a token stays whole", "[tokenizer]") {
    auto json = small();
    json["model"]["vocab"]["abc"] = 10;
    CHECK(read_hugging_face("x", json.dump())->encode("abc") == std::vector<TokenId>{5, 2});
    json["model"]["ignore_merges"] = true;
    CHECK(read_hugging_face("x", json.dump())->encode("abc") == std::vector<TokenId>{10});
}

TEST_CASE("what we would count otherwise is refused by its name", "[tokenizer]") {
    CHECK(refusal([](Json&) {}) == "taken");
    CHECK_THAT(refusal([](Json& j) { j = 7; }), Catch::Contains("object"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["type"] = "Unigram"; }), Catch::Contains("BPE"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["byte_fallback"] = true; }),
               Catch::Contains("byte_fallback"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["unk_token"] = "<unk>"; }),
               Catch::Contains("unk_token"));
    CHECK_THAT(refusal([](Json& j) { j["normalizer"]["type"] = "NFKC"; }), Catch::Contains("NFKC"));
    CHECK_THAT(refusal([](Json& j) { j["pre_tokenizer"]["add_prefix_space"] = true; }),
               Catch::Contains("pre_tokenizer"));
    CHECK_THAT(refusal([](Json& j) { j["pre_tokenizer"] = nullptr; }),
               Catch::Contains("pre_tokenizer"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["vocab"] = Json::array(); }),
               Catch::Contains("vocab"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["vocab"]["a"] = -1; }), Catch::Contains("vocab"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["vocab"]["a"] = 99'000'000; }),
               Catch::Contains("vocab"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["vocab"]["a"] = 1; }), Catch::Contains("same id"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["merges"][0] = "ab"; }), Catch::Contains("merges"));
    CHECK_THAT(refusal([](Json& j) { j["model"]["merges"][0] = "a c"; }),
               Catch::Contains("vocabulary"));
    CHECK_THAT(refusal([](Json& j) { j["added_tokens"][0]["content"] = ""; }),
               Catch::Contains("added_tokens"));
    CHECK_FALSE(read_hugging_face("x", "{"));
}

TEST_CASE("a tokenizer.json is read from a file", "[tokenizer]") {
    test::TempFolder folder;
    auto path = folder.file("tokenizer.json");
    CHECK_FALSE(open_hugging_face(path));
    std::ofstream(path) << small().dump();
    CHECK(open_hugging_face(path));
    std::ofstream(path) << "{";
    CHECK_THAT(open_hugging_face(path).error().message, Catch::Contains(path));
}

TEST_CASE("a mark that comes later still joins its letter", "[tokenizer]") {
    auto encoding = read_hugging_face("small", small().dump());
    REQUIRE(encoding);
    std::string text(200, 'a');
    text += "e\u0301b e\u0334\u0301";
    for (std::size_t step = 1; step < 5; ++step) {
        Counter counter(*encoding);
        for (std::size_t at = 0; at < text.size(); at += step)
            counter.add(std::string_view(text).substr(at, step));
        CHECK(counter.count() == encoding->count(text));
    }
}
