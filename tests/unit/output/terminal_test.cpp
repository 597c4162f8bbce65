#include "cli/output/terminal.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace obliv::cli;

namespace {

Environment fake(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const char* name) {
        auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    };
}

}  // namespace

TEST_CASE("colour is for terminals that want it", "[output]") {
    CHECK(wants_color(true, Color::automatic, fake({{"TERM", "xterm"}})));
    CHECK_FALSE(wants_color(false, Color::automatic, fake({{"TERM", "xterm"}})));
    CHECK_FALSE(wants_color(true, Color::automatic, fake({{"TERM", "dumb"}})));
    CHECK_FALSE(wants_color(true, Color::automatic, fake({{"NO_COLOR", "1"}})));
    CHECK_FALSE(wants_color(true, Color::never, fake({{"CLICOLOR_FORCE", "1"}})));
}

TEST_CASE("always and CLICOLOR_FORCE win over NO_COLOR", "[output]") {
    CHECK(wants_color(false, Color::always, fake({{"NO_COLOR", "1"}})));
    CHECK(wants_color(false, Color::automatic, fake({{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}})));
    CHECK_FALSE(wants_color(false, Color::automatic, fake({{"CLICOLOR_FORCE", "0"}})));
}

TEST_CASE("COLUMNS sets the width when it makes sense", "[output]") {
    CHECK(style_of(-1, Color::automatic, fake({{"COLUMNS", "100"}})).columns == 100);
    CHECK(style_of(-1, Color::automatic, fake({{"COLUMNS", "3"}})).columns == 80);
    CHECK(style_of(-1, Color::automatic, fake({{"COLUMNS", "wide"}})).columns == 80);
}
