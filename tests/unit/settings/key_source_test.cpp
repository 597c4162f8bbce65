#include "cli/settings/key_source.hpp"

#include "tests/unit/settings/folder.hpp"

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("a key is one line of printable characters", "[settings]") {
    CHECK(checked_key(" sk-1\n", "x")->reveal() == "sk-1");
    for (auto text : {"", "\n", "two words", "a\nb", "ü", "a\x01"}) {
        auto key = checked_key(text, "there");
        REQUIRE_FALSE(key);
        CHECK(key.error().code == Code::usage);
        CHECK(key.error().message.find("there") != std::string::npos);
    }
    CHECK_FALSE(checked_key(std::string(10'000, 'x'), "x"));
}

TEST_CASE("a program prints the key without a shell in between", "[settings]") {
    std::atomic<bool> interrupted{false};
    CHECK(key_from_command({"printf", "%s\\n", "$HOME;x"}, interrupted)->reveal() == "$HOME;x");
    CHECK(key_from_command({"false"}, interrupted).error().code == Code::config_invalid);
    CHECK(key_from_command({"/no/such/program"}, interrupted).error().code == Code::config_invalid);
}

TEST_CASE("an interrupt ends the wait for a program", "[settings]") {
    std::atomic<bool> interrupted{true};
    CHECK(key_from_command({"cat", "/dev/zero"}, interrupted).error().code == Code::cancelled);
}
