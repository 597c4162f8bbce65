#include "cli/output/sink.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace obliv;
using namespace obliv::cli;

namespace {

struct Folder {
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "obliv-sink-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
};

std::string content(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::size_t files_in(const std::filesystem::path& path) {
    auto all = std::filesystem::directory_iterator(path);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a file appears only when it is complete", "[output]") {
    Folder folder;
    auto path = folder.path / "result";
    auto sink = Sink::to_file(path, false);
    REQUIRE(sink);
    REQUIRE(sink->write("all of it"));
    CHECK_FALSE(std::filesystem::exists(path));
    REQUIRE(sink->commit());
    CHECK(content(path) == "all of it");
    CHECK(files_in(folder.path) == 1);
}

TEST_CASE("what was not completed leaves nothing behind", "[output]") {
    Folder folder;
    {
        auto sink = Sink::to_file(folder.path / "result", false);
        REQUIRE(sink);
        REQUIRE(sink->write("half"));
    }
    CHECK(files_in(folder.path) == 0);
}

TEST_CASE("an existing file is kept unless it may be replaced", "[output]") {
    Folder folder;
    auto path = folder.path / "result";
    REQUIRE(write_file(path, "old", 0600));
    CHECK(Sink::to_file(path, false).error().code == Code::conflict);
    CHECK(content(path) == "old");
    auto sink = Sink::to_file(path, true);
    REQUIRE(sink);
    REQUIRE(sink->write("new"));
    REQUIRE(sink->commit());
    CHECK(content(path) == "new");
}

TEST_CASE("a file that came into being meanwhile is not overwritten", "[output]") {
    Folder folder;
    auto path = folder.path / "result";
    auto sink = Sink::to_file(path, false);
    REQUIRE(sink);
    REQUIRE(write_file(path, "theirs", 0600));
    CHECK_FALSE(sink->commit());
    CHECK(content(path) == "theirs");
}

TEST_CASE("a written file has the mode that was asked for", "[output]") {
    Folder folder;
    auto path = folder.path / "secret";
    REQUIRE(write_file(path, "x", 0600));
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
}

TEST_CASE("a descriptor that cannot be written to is an error", "[output]") {
    CHECK(write_all(-1, "x").error().code == Code::io);
}
