#include "cli/chat/history.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

using namespace obliv::cli;

TEST_CASE("history survives with its line feeds, without secrets and repeats", "[chat]") {
    std::string folder = std::filesystem::temp_directory_path() / "obliv-history-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    auto file = folder + "/history";
    {
        History history(file);
        for (auto line : {"one", "two\nlines\\n", " secret", "three", "three", ""})
            CHECK(history.add(line));
    }
    History again(file);
    CHECK(again.entries() == std::vector<std::string>{"one", "two\nlines\\n", "three"});
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    std::filesystem::remove_all(folder);
}

TEST_CASE("a search goes back from where it stands", "[chat]") {
    History history("");
    for (auto line : {"alpha", "beta", "alphabet"})
        CHECK(history.add(line));
    CHECK(history.find_before(3, "alpha") == 2);
    CHECK(history.find_before(2, "alpha") == 0);
    CHECK(history.find_before(0, "alpha") == 3);
    CHECK(history.find_before(3, "gamma") == 3);
}
