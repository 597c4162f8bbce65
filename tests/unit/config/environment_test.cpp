#include "core/config/environment.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace obliv::config;

namespace {

Environment user(std::uint32_t uid, const std::string& name,
                 const std::map<std::string, std::string>& variables) {
    Environment out;
    out.variable = [=](const std::string& key) -> std::optional<std::string> {
        auto found = variables.find(key);
        if (found == variables.end())
            return std::nullopt;
        return found->second;
    };
    out.uid = uid;
    out.user = name;
    return out;
}

}  // namespace

TEST_CASE("root and the user oblivd run the system's instance", "[config]") {
    for (const auto& who : {user(0, "root", {}), user(990, "oblivd", {})}) {
        auto instance = Instance::of(who);
        CHECK(instance.system);
        CHECK(instance.config_file == "/etc/oblivd/oblivd.toml");
        CHECK(instance.data_dir == "/var/lib/oblivd");
        CHECK(instance.socket == "/run/oblivd/oblivd.sock");
    }
}

TEST_CASE("systemd's folders win", "[config]") {
    auto instance = Instance::of(user(990, "oblivd",
                                      {{"CONFIGURATION_DIRECTORY", "/c:/other"},
                                       {"STATE_DIRECTORY", "/s"},
                                       {"RUNTIME_DIRECTORY", "/r"}}));
    CHECK(instance.config_file == "/c/oblivd.toml");
    CHECK(instance.data_dir == "/s");
    CHECK(instance.socket == "/r/oblivd.sock");
}

TEST_CASE("a person's instance follows the XDG variables", "[config]") {
    auto instance = Instance::of(user(1000, "ann",
                                      {{"HOME", "/home/ann"},
                                       {"XDG_CONFIG_HOME", "/c"},
                                       {"XDG_DATA_HOME", "relative"},
                                       {"XDG_RUNTIME_DIR", "/run/user/1000"}}));
    CHECK(!instance.system);
    CHECK(instance.config_file == "/c/oblivd/oblivd.toml");
    CHECK(instance.data_dir == "/home/ann/.local/share/oblivd");
    CHECK(instance.socket == "/run/user/1000/oblivd/oblivd.sock");
}

TEST_CASE("without a home nothing is guessed", "[config]") {
    auto instance = Instance::of(user(1000, "", {}));
    CHECK(instance.config_file.empty());
    CHECK(instance.data_dir.empty());
    CHECK(instance.socket.empty());
}
