#include "cli/grammar/parse.hpp"

#include "tests/unit/grammar/table.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::cli;

namespace {

using Words = std::vector<std::string>;

const Command& table() {
    static const Command root = test_table();
    return root;
}

Parsed good(const Words& words) {
    auto parsed = parse(table(), words);
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed);
    return *parsed;
}

Error bad(const Words& words) {
    auto parsed = parse(table(), words);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::usage);
    return parsed.error();
}

}  // namespace

TEST_CASE("flags and arguments come in any order", "[grammar]") {
    for (const auto& words :
         {Words{"ask", "a", "b", "-m", "x", "--json"}, Words{"--json", "ask", "-m", "x", "a", "b"},
          Words{"ask", "a", "--model=x", "--json", "b"},
          Words{"--server", "s", "ask", "-mx", "a", "--json", "--", "b"}}) {
        auto parsed = good(words);
        CHECK(parsed.path == "tool ask");
        CHECK(parsed.values.arguments == Words{"a", "b"});
        CHECK(parsed.values.text("model") == "x");
        CHECK(parsed.values.has("json"));
    }
}

TEST_CASE("two dashes end the flags", "[grammar]") {
    CHECK(good({"ask", "--", "-m", "--json", "--a=b", "--"}).values.arguments ==
          Words{"-m", "--json", "--a=b", "--"});
}

TEST_CASE("arguments are never taken for commands or lists", "[grammar]") {
    CHECK(good({"ask", "token", "list", "[a,b]", "-"}).values.arguments ==
          Words{"token", "list", "[a,b]", "-"});
}

TEST_CASE("values may be empty, look like flags or hold an equals sign", "[grammar]") {
    CHECK(good({"ask", "--model="}).values.text("model") == "");
    CHECK(good({"ask", "--model", "-x"}).values.text("model") == "-x");
    CHECK(good({"ask", "--model=a=b"}).values.text("model") == "a=b");
    CHECK(good({"token", "pay", "-1.50"}).values.arguments == Words{"-1.50"});
}

TEST_CASE("repeats are kept where they are allowed and refused elsewhere", "[grammar]") {
    CHECK(good({"ask", "-f", "a", "--file", "b"}).values.all("file") == Words{"a", "b"});
    CHECK(good({"ask", "-vv"}).values.times("verbose") == 2);
    CHECK(bad({"ask", "-m", "a", "-m", "b"}).message.find("twice") != std::string::npos);
}

TEST_CASE("only two aliases exist", "[grammar]") {
    CHECK(good({"token", "ls"}).path == "tool token list");
    CHECK(good({"token", "rm", "x"}).path == "tool token remove");
    (void)bad({"token", "l"});
    (void)bad({"tok", "list"});
}

TEST_CASE("unknown words and flags are refused with one suggestion", "[grammar]") {
    CHECK(bad({"tokn"}).hint == "did you mean `tool token`?");
    CHECK(bad({"token", "lst"}).hint == "did you mean `tool token list`?");
    CHECK(bad({"ask", "--modle", "x"}).hint == "did you mean '--model'?");
    CHECK(bad({"ask", "--mod", "x"}).message.find("--mod") != std::string::npos);
    CHECK(bad({"ask", "-z"}).message.find("-z") != std::string::npos);
}

TEST_CASE("wrong numbers of arguments and values are refused", "[grammar]") {
    CHECK(bad({"token"}).message.find("needs a command") != std::string::npos);
    CHECK(bad({"token", "get"}).message.find("TOKEN is missing") != std::string::npos);
    CHECK(bad({"token", "remove"}).message.find("TOKEN is missing") != std::string::npos);
    CHECK(bad({"token", "get", "a", "b"}).message.find("'b'") != std::string::npos);
    CHECK(bad({"token", "list", "x"}).message.find("'x'") != std::string::npos);
    CHECK(bad({"ask", "--model"}).message.find("needs a value") != std::string::npos);
    CHECK(bad({"ask", "--usage=yes"}).message.find("takes no value") != std::string::npos);
    CHECK(good({"token", "remove", "a", "b"}).values.arguments.size() == 2);
}

TEST_CASE("values are checked by their kind", "[grammar]") {
    CHECK(good({"token", "list", "--limit", "10k"}).values.count("limit") == 10'000);
    (void)bad({"token", "list", "--limit", "-5"});
    (void)bad({"token", "pay", "lots"});
    CHECK(bad({"token", "pay", "5", "yu"}).hint == "did you mean 'you'?");
    (void)bad({"ask", "--timeout", "soon"});
    (void)bad({"ask", "--model", "\xff"});
}

TEST_CASE("help is asked for in three ways and checks nothing else", "[grammar]") {
    CHECK(good({"token", "get", "--bogus", "--help"}).help == Parsed::Help::full);
    CHECK(good({"token", "get", "-h"}).help == Parsed::Help::brief);
    CHECK(good({"help", "token", "get"}).path == "tool token get");
    CHECK(good({"help", "token"}).help == Parsed::Help::full);
    CHECK(good({"--help"}).path == "tool");
    CHECK(good({"ask", "--", "-h"}).help == Parsed::Help::none);
}
