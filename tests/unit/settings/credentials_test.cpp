#include "cli/settings/credentials.hpp"

#include "tests/unit/settings/folder.hpp"

#include <sys/stat.h>

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("a token is given out for its server and profile only", "[settings]") {
    TestFolder folder;
    Credentials credentials(folder.paths());
    CHECK_FALSE(*credentials.find("", "http://a"));
    REQUIRE(credentials.store("", "http://a", Secret("one")));
    REQUIRE(credentials.store("w", "http://a", Secret("two")));
    CHECK((*credentials.find("", "http://a"))->reveal() == "one");
    CHECK((*credentials.find("w", "http://a"))->reveal() == "two");
    CHECK_FALSE(*credentials.find("", "http://a/v1"));
    REQUIRE(credentials.store("", "http://a", Secret("three")));
    CHECK((*credentials.find("", "http://a"))->reveal() == "three");
    CHECK(*credentials.remove("", "http://a"));
    CHECK_FALSE(*credentials.remove("", "http://a"));
    CHECK(*credentials.find("w", "http://a"));
}

TEST_CASE("the file of tokens is private and refused when it is not", "[settings]") {
    TestFolder folder;
    Credentials credentials(folder.paths());
    REQUIRE(credentials.store("", "http://a", Secret("one")));
    auto file = folder.paths().state + "/credentials";
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    CHECK_FALSE(credentials.find("", "http://a"));
}
