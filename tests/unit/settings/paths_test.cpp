#include "tests/unit/settings/folder.hpp"

#include <sys/stat.h>

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("places follow XDG and have no home without one", "[settings]") {
    auto home = paths_from(variables({{"HOME", "/h"}}));
    CHECK(home.user_config == "/h/.config/obliv/config.toml");
    CHECK(home.state == "/h/.local/state/obliv");
    auto xdg = paths_from(
        variables({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/c"}, {"XDG_STATE_HOME", "relative"}}));
    CHECK(xdg.user_config == "/c/obliv/config.toml");
    CHECK(xdg.state == "/h/.local/state/obliv");
    auto none = paths_from(variables());
    CHECK(none.user_config.empty());
    CHECK(state_file(none, "x").error().code == Code::config_invalid);
}

TEST_CASE("the search for a project file ends at a repository's root and at home", "[settings]") {
    TestFolder folder;
    auto home = folder.path.string();
    folder.write(".obliv.toml", "");
    folder.write("a/b/c/x", "");
    CHECK(find_project_file(home + "/a/b", home).empty());
    auto file = folder.write("a/.obliv.toml", "");
    CHECK(find_project_file(home + "/a/b/c", home) == file);
    folder.write("a/b/.git", "");
    CHECK(find_project_file(home + "/a/b/c", home).empty());
}

TEST_CASE("a state folder is private", "[settings]") {
    TestFolder folder;
    REQUIRE(state_file(folder.paths(), "x"));
    struct stat facts {};
    REQUIRE(::stat(folder.paths().state.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0700);
}

TEST_CASE("a secret that others may read is refused with the way out", "[settings]") {
    TestFolder folder;
    CHECK(*read_secret_file(folder.write("a", "s")) == "s");
    for (unsigned mode : {0640U, 0604U, 0660U}) {
        auto text = read_secret_file(folder.write("b", "s", mode));
        REQUIRE_FALSE(text);
        CHECK(text.error().hint.find("chmod 600") != std::string::npos);
    }
    CHECK_FALSE(read_secret_file(folder.path));
    CHECK(read_secret_file(folder.path / "none").error().code == Code::not_found);
}
