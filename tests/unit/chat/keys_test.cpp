#include "cli/chat/keys.hpp"

#include <catch2/catch.hpp>

using namespace obliv::cli;
using Key = KeyPress::Key;

namespace {

std::string shown(const std::vector<KeyPress>& presses) {
    std::string out;
    for (const auto& press : presses)
        out += "<" + std::to_string(static_cast<int>(press.key)) + ":" + press.text + ">";
    return out;
}

}  // namespace

TEST_CASE("keys mean the same however their bytes are cut", "[chat]") {
    std::string bytes = "aü世\x1b[A\x1bOD\x1b[1;5C\x1b\r\x1b"
                        "b\x01\r\n\x1b[200~x\ry\x1b[A\x1b[201~\x1b[99;9z\t";
    KeyReader whole;
    auto expected = shown(whole.feed(bytes));
    KeyReader bytewise;
    std::vector<KeyPress> collected;
    for (char c : bytes)
        for (auto& press : bytewise.feed(std::string_view(&c, 1)))
            collected.push_back(std::move(press));
    CHECK(shown(collected) == expected);
    CHECK(collected.size() == 14);
}

TEST_CASE("Escape alone is told from a sequence by a pause", "[chat]") {
    KeyReader reader;
    CHECK(reader.feed("\x1b").empty());
    CHECK(reader.waiting());
    auto presses = reader.pause();
    REQUIRE(presses.size() == 1);
    CHECK(presses[0].key == Key::escape);
    CHECK_FALSE(reader.waiting());
}

TEST_CASE("a paste is one press, its control bytes gone and its lines kept", "[chat]") {
    KeyReader reader;
    auto presses = reader.feed("\x1b[200~a\r\nb\rc\x03\x1b[2Jd\x1b[201~");
    REQUIRE(presses.size() == 1);
    CHECK(presses[0].key == Key::paste);
    CHECK(presses[0].text == "a\nb\nc[2Jd");
}

TEST_CASE("bytes that are no character are dropped", "[chat]") {
    KeyReader reader;
    CHECK(shown(reader.feed("\xc3"
                            "b")) == "<0:b>");
    CHECK(shown(reader.feed("\xff\xc0"
                            "a")) == "<0:a>");
}
