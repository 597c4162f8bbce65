#include "daemon/ops/state_folder.hpp"

#include "core/base/encoding.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace obliv;
using namespace obliv::ops;
namespace fs = std::filesystem;

namespace {

struct Home {
    Home() {
        std::string name = (fs::temp_directory_path() / "obliv-state-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
        config.server.data_dir = name;
        config.storage.path = name + "/oblivd.db";
    }
    ~Home() { fs::remove_all(path); }
    unsigned mode(const std::string& name) const {
        struct stat status {};
        REQUIRE(::stat((path / name).c_str(), &status) == 0);
        return status.st_mode & 0777;
    }
    void write(const std::string& name, const std::string& text, unsigned mode) const {
        std::ofstream(path / name) << text;
        ::chmod((path / name).c_str(), mode);
    }
    fs::path path;
    config::Config config;
};

std::string hex(const MasterKey& key) {
    return to_hex(key);
}

}  // namespace

TEST_CASE("a state folder is made for its owner alone and held by one", "[ops]") {
    Home home;
    auto path = (home.path / "a" / "b").string();
    {
        auto first = StateFolder::open(path);
        REQUIRE(first);
        CHECK(home.mode("a/b") == 0700);
        auto second = StateFolder::open(path);
        REQUIRE(!second);
        CHECK(second.error().code == Code::conflict);
    }
    CHECK(StateFolder::open(path));
}

TEST_CASE("a state folder below a file is an error", "[ops]") {
    Home home;
    home.write("file", "", 0600);
    auto opened = StateFolder::open((home.path / "file" / "x").string());
    REQUIRE(!opened);
    CHECK(opened.error().code == Code::io);
}

TEST_CASE("the first start makes a key that the next one finds", "[ops]") {
    Home home;
    auto none = master_keys(home.config, false);
    REQUIRE(!none);
    CHECK(none.error().code == Code::not_found);
    CHECK(fs::is_empty(home.path));

    auto made = master_keys(home.config, true);
    REQUIRE(made);
    CHECK(home.mode("master.key") == 0600);
    CHECK(!fs::exists(home.path / "master.key.new"));
    CHECK(!made->previous);
    auto again = master_keys(home.config, true);
    REQUIRE(again);
    CHECK(again->current == made->current);

    Home other;
    auto different = master_keys(other.config, true);
    REQUIRE(different);
    CHECK(different->current != made->current);
}

TEST_CASE("no key is made beside a database", "[ops]") {
    Home home;
    home.write("oblivd.db", "", 0600);
    auto keys = master_keys(home.config, true);
    REQUIRE(!keys);
    CHECK(keys.error().code == Code::config_invalid);
    CHECK(!fs::exists(home.path / "master.key"));
}

TEST_CASE("a key that others may read is refused", "[ops]") {
    Home home;
    home.write("master.key", std::string(64, '0') + "\n", 0640);
    auto keys = master_keys(home.config, true);
    REQUIRE(!keys);
    CHECK_THAT(keys.error().message, Catch::Contains("chmod 600"));
}

TEST_CASE("a file that is no key is refused and kept", "[ops]") {
    for (const auto& text : {std::string(), std::string(63, '0'), std::string(64, 'g')}) {
        Home home;
        home.write("master.key", text, 0600);
        auto keys = master_keys(home.config, true);
        REQUIRE(!keys);
        CHECK_THAT(keys.error().message, Catch::Contains("64 hexadecimal digits"));
        CHECK(fs::file_size(home.path / "master.key") == text.size());
    }
}

TEST_CASE("keys may be given, an old one beside the new one", "[ops]") {
    Home home;
    home.config.secrets.master_key = Secret(std::string(64, 'a'));
    home.config.secrets.previous_master_key = Secret(std::string(64, 'b'));
    auto keys = master_keys(home.config, true);
    REQUIRE(keys);
    CHECK(hex(keys->current) == std::string(64, 'a'));
    REQUIRE(keys->previous);
    CHECK(hex(*keys->previous) == std::string(64, 'b'));
    CHECK(fs::is_empty(home.path));
}
