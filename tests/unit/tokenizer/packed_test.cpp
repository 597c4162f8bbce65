#include "core/tokenizer/packed.hpp"

#include "core/tokenizer/vocabulary.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fstream>

using namespace obliv;
using namespace obliv::tokenizer;

namespace {

std::vector<std::string> some_tokens() {
    std::vector<std::string> tokens;
    for (int i = 0; i < 5000; ++i)
        tokens.push_back(std::string(static_cast<std::size_t>(i % 40), 'x') + std::to_string(i));
    tokens[17].clear();
    return tokens;
}

}  // namespace

TEST_CASE("each token is found by its bytes, and nothing else is", "[tokenizer]") {
    auto tokens = some_tokens();
    auto vocabulary = Vocabulary::own(*pack(tokens));
    REQUIRE(vocabulary);
    for (TokenId id = 0; id < tokens.size(); ++id) {
        CHECK(vocabulary->bytes(id) == tokens[id]);
        CHECK(vocabulary->find(tokens[id]) == (tokens[id].empty() ? no_token : id));
        CHECK(vocabulary->find(tokens[id] + "?") == no_token);
    }
    CHECK(vocabulary->bytes(5000).empty());
    CHECK(vocabulary->find(std::string(100'000, 'x')) == no_token);
}

TEST_CASE("a vocabulary is mapped from a file, and a damaged one refused", "[tokenizer]") {
    test::TempFolder folder;
    auto path = folder.file("v.bpe");
    auto packed = *pack(some_tokens());
    auto write = [&path](std::string_view bytes) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    };
    CHECK_FALSE(Vocabulary::map(path));
    write(packed);
    auto mapped = Vocabulary::map(path);
    REQUIRE(mapped);
    CHECK(mapped->find("42") == no_token);
    CHECK(mapped->find("xx42") == 42);
    auto moved = std::move(*mapped);
    CHECK(moved.find("xx42") == 42);
    for (auto bad : {std::string(), packed.substr(0, 20), packed.substr(0, packed.size() - 1),
                     packed + "x", "x" + packed.substr(1)}) {
        write(bad);
        CHECK_FALSE(Vocabulary::map(path));
    }
}

TEST_CASE("a merge table is read line by line, and each bad line named", "[tokenizer]") {
    auto tokens = read_ranks("IQ== 0\nIg== 1\nYWI= 3\n");
    REQUIRE(tokens);
    CHECK(*tokens == std::vector<std::string>{"!", "\"", "", "ab"});
    for (auto bad :
         {"", "IQ==", "IQ== x", "!! 0", "IQ== 99999999", "IQ== -1", "IQ== 0\nIg== 0", "IQ== 0 "})
        CHECK_FALSE(read_ranks(bad));
    CHECK(read_ranks("IQ== 0\nx").error().message.find("line 2") != std::string::npos);
}

TEST_CASE("tokens with the same bytes, and endless ones, are refused", "[tokenizer]") {
    CHECK_FALSE(pack(std::vector<std::string>{"a", "b", "a"}));
    CHECK_FALSE(pack(std::vector<std::string>{std::string(token_bytes_limit + 1, 'a')}));
}
