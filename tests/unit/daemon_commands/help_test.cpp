#include "daemon/commands/generate.hpp"
#include "daemon/commands/help.hpp"
#include "daemon/commands/settings.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::daemon;

TEST_CASE("every command says what it does, with two examples that fit 80 columns", "[commands]") {
    for (const auto& command : commands()) {
        if (command.hidden)
            continue;
        CAPTURE(command.name);
        CHECK(command.summary != "");
        CHECK(!command.summary.ends_with('.'));
        CHECK(command.examples.size() >= 2);
        CHECK(command.run != nullptr);
        CHECK_THAT(program_help(), Catch::Contains(std::string(command.summary)));
        CHECK_THAT(full_help(command), Catch::Contains(std::string(command.examples[0].line)));
        for (const auto& flag : command.flags) {
            CHECK_THAT(brief_help(command), Catch::Contains(std::string(flag.name)));
            CHECK(flag.name.starts_with("--"));
        }
    }
}

TEST_CASE("completion and manual name every command and flag", "[commands]") {
    for (const auto& command : commands()) {
        if (command.hidden)
            continue;
        CAPTURE(command.name);
        auto quoted = "'" + std::string(command.name) + "'";
        CHECK_THAT(bash_completion(), Catch::Contains(quoted));
        CHECK_THAT(zsh_completion(), Catch::Contains(quoted));
        for (const auto& flag : command.flags) {
            CHECK_THAT(bash_completion(), Catch::Contains(std::string(flag.name)));
            CHECK_THAT(fish_completion(),
                       Catch::Contains("-l " + std::string(flag.name.substr(2)) + " "));
        }
    }
    CHECK_THAT(manual_oblivd(), Catch::Contains(".SS ctl log\\-level"));
    CHECK_THAT(manual_oblivd_toml(), Catch::Contains("\\fBdrain_timeout\\fR"));
    CHECK_THAT(errors_page(), Catch::Contains("| `quota_exhausted` | 429 | 8 (limited) | no |"));
}

TEST_CASE("the exit code tells what kind of failure it was", "[commands]") {
    CHECK(exit_code(fail(Code::internal, "")) == 1);
    CHECK(exit_code(fail(Code::io, "")) == 1);
    CHECK(exit_code(fail(Code::usage, "")) == 2);
    CHECK(exit_code(fail(Code::conflict, "")) == 75);
    CHECK(exit_code(fail(Code::config_invalid, "")) == 78);
}
