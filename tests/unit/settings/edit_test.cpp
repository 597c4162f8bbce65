#include "cli/settings/edit.hpp"

#include "cli/settings/settings.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::cli;

namespace {

std::string edited(std::string_view text, const std::string& key, const std::string& value) {
    auto changed = with_setting(text, "f", key, value);
    INFO((changed ? "" : changed.error().message));
    REQUIRE(changed);
    CHECK(check_settings_text(*changed, "f"));
    return *changed;
}

}  // namespace

TEST_CASE("a value is replaced where it stands and nothing else moves", "[settings]") {
    CHECK(edited("# a\n  model   =  'old' # why\ncolor = \"auto\"", "model", "new") ==
          "# a\n  model   =  \"new\" # why\ncolor = \"auto\"");
    CHECK(edited("system = \"\"\"a\nb\"\"\"\nmodel = \"m\"\n", "system", "c") ==
          "system = \"c\"\nmodel = \"m\"\n");
    CHECK(edited("# ü\nsystem = \"ü\" # ü\n", "system", "ö") == "# ü\nsystem = \"ö\" # ü\n");
    CHECK(edited("key_command = [\n  \"a\", # x\n  \"b\",\n]\n", "key_command", "c") ==
          "key_command = [\"c\"]\n");
}

TEST_CASE("a new value joins its table", "[settings]") {
    CHECK(edited("", "model", "m") == "model = \"m\"\n");
    CHECK(edited("color = \"auto\"", "model", "m") == "color = \"auto\"\nmodel = \"m\"\n");
    CHECK(edited("[profile.a]\nserver = \"s\"\n", "model", "m") ==
          "model = \"m\"\n\n[profile.a]\nserver = \"s\"\n");
    CHECK(edited("[profile.a]\nserver = \"s\"\n", "profile.a.model", "m") ==
          "[profile.a]\nserver = \"s\"\nmodel = \"m\"\n");
    CHECK(edited("model = \"m\"\n", "profile.b c.server", "s") ==
          "model = \"m\"\n\n[profile.\"b c\"]\nserver = \"s\"\n");
}

TEST_CASE("values are quoted so that they read back as they were", "[settings]") {
    auto text = edited("", "system", "a\"b\\c\n\x01ü");
    auto parsed = read_toml_text(text, "f");
    REQUIRE(parsed);
    CHECK(parsed->entries.at(0).text == "a\"b\\c\n\x01ü");
    CHECK(edited("", "no_input", "true") == "no_input = true\n");
}

TEST_CASE("wrong keys and values are wrong usage and change nothing", "[settings]") {
    for (auto [key, value] :
         {std::pair{"modle", "x"}, std::pair{"timeout", "soon"}, std::pair{"color", "red"},
          std::pair{"no_input", "maybe"}, std::pair{"profile.a.color", "auto"}}) {
        INFO(key);
        auto changed = with_setting("", "f", key, value);
        REQUIRE_FALSE(changed);
        CHECK(changed.error().code == Code::usage);
    }
}

TEST_CASE("a setting is removed with its line", "[settings]") {
    CHECK(*without_setting("# a\nmodel = \"m\" # b\ncolor = \"auto\"\n", "f", "model") ==
          "# a\ncolor = \"auto\"\n");
    CHECK(*without_setting("model = \"m\"", "f", "model") == "");
    CHECK(without_setting("", "f", "model").error().code == Code::not_found);
}
