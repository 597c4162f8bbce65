#include "cli/settings/settings.hpp"

#include "cli/settings/trust.hpp"
#include "tests/unit/settings/folder.hpp"

using namespace obliv;
using namespace obliv::cli;

namespace {

Result<Settings> load(const TestFolder& folder, std::map<std::string, std::string> environment = {},
                      std::map<std::string, std::string> flags = {}) {
    SettingSources sources;
    sources.paths = folder.paths();
    sources.directory = folder.path / "project";
    sources.flags = std::move(flags);
    return Settings::load(sources, variables(std::move(environment)));
}

}  // namespace

TEST_CASE("each layer wins over the one below it", "[settings]") {
    TestFolder folder;
    CHECK(load(folder)->text("color") == "auto");
    folder.write("system.toml", "color = \"never\"\nmodel = \"s\"\n");
    CHECK(load(folder)->text("color") == "never");
    folder.write("config.toml", "model = \"u\"\n");
    CHECK(load(folder)->text("model") == "u");
    folder.write("project/.obliv.toml", "model = \"p\"\n");
    CHECK(load(folder)->text("model") == "p");
    CHECK(load(folder, {{"OBLIV_MODEL", "v"}})->text("model") == "v");
    CHECK(load(folder, {{"OBLIV_SERVER", "v"}}, {{"server", "f"}})->text("server") == "f");
    CHECK(load(folder)->find("color")->layer == Layer::system);
    CHECK(load(folder)->find("color")->origin == (folder.path / "system.toml").string() + ":1:9");
}

TEST_CASE("the profile in use goes before the general value of any file", "[settings]") {
    TestFolder folder;
    folder.write("config.toml",
                 "server = \"a\"\ndefault_profile = \"w\"\n[profile.w]\nserver = \"b\"\n");
    folder.write("project/.obliv.toml", "model = \"p\"\n");
    CHECK(load(folder)->text("server") == "b");
    CHECK(load(folder, {{"OBLIV_SERVER", "v"}})->text("server") == "v");
    CHECK(load(folder, {}, {{"profile", "x"}}).error().code == Code::usage);
    CHECK(load(folder, {{"OBLIV_PROFILE", "x"}}).error().code == Code::config_invalid);
}

TEST_CASE("an untrusted project file sets what is harmless only", "[settings]") {
    TestFolder folder;
    std::string text =
        "server = \"evil\"\nkey_command = [\"x\"]\nmodel = \"m\"\n[profile.a]\nmodel = \"q\"\n";
    auto file = folder.write("project/.obliv.toml", text);
    auto settings = load(folder);
    REQUIRE(settings);
    CHECK(settings->text("server").empty());
    CHECK(settings->find("key_command") == nullptr);
    CHECK(settings->text("model") == "m");
    CHECK(settings->warnings().size() == 3);
    REQUIRE(trust(folder.paths(), file, text));
    CHECK(load(folder)->text("server") == "evil");
    folder.write("project/.obliv.toml", text + "\n");
    CHECK(load(folder)->text("server").empty());
}

TEST_CASE("mistakes carry file, line and column", "[settings]") {
    struct Row {
        const char* text;
        const char* place;
    };
    for (auto row : {Row{"modle = \"x\"\n", "f:1:1"}, Row{"model = 5\n", "f:1:9"},
                     Row{"\n[profile.a]\nsrver = \"x\"\n", "f:3:1"}, Row{"[other]\n", "f:1:"},
                     Row{"color = \"red\"\n", "f:1:9"}, Row{"key_command = []\n", "f:1:15"},
                     Row{"key_command = [1]\n", "f:1:15"}, Row{"x = [\n", "f:"}}) {
        INFO(row.text);
        auto checked = check_settings_text(row.text, "f");
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == Code::config_invalid);
        CHECK(checked.error().message.starts_with(row.place));
    }
    CHECK(check_settings_text("modle = \"x\"\n", "f").error().hint == "did you mean 'model'?");
}
