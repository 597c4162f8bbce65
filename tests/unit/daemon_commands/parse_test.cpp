#include "daemon/commands/parse.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::daemon;

namespace {

Result<Invocation> words(std::vector<std::string_view> list) {
    return parse(list);
}

std::string refusal(std::vector<std::string_view> list) {
    auto parsed = parse(list);
    if (parsed)
        return "";
    CHECK(parsed.error().code == Code::usage);
    return parsed.error().message;
}

}  // namespace

TEST_CASE("flags and arguments come in any order", "[commands]") {
    auto parsed = words({"ctl", "log-level", "--socket", "/s", "debug", "--json"});
    REQUIRE(parsed);
    CHECK(parsed->command->name == "ctl log-level");
    CHECK(parsed->arguments == std::vector<std::string>{"debug"});
    CHECK(parsed->value("--socket") == "/s");
    CHECK(parsed->has("--json"));
    CHECK(!parsed->value("--config"));
}

TEST_CASE("a flag's value may follow an equals sign, and some flags repeat", "[commands]") {
    auto parsed = words({"run", "--listen=127.0.0.1:1", "--listen", "[::1]:2", "--config="});
    REQUIRE(parsed);
    CHECK(parsed->flags.at("--listen") == std::vector<std::string>{"127.0.0.1:1", "[::1]:2"});
    CHECK(parsed->value("--config") == "");
}

TEST_CASE("two dashes end the flags", "[commands]") {
    CHECK(refusal({"ctl", "log-level", "--", "--json"}) ==
          "LEVEL: expected one of err, warning, notice, info, debug, got '--json'");
    CHECK(words({"ctl", "log-level", "--", "debug"}));
}

TEST_CASE("help is asked for in every usual way", "[commands]") {
    for (const auto& list : std::vector<std::vector<std::string_view>>{
             {"--help"}, {"help"}, {"ctl", "--help"}, {"help", "ctl"}}) {
        auto parsed = parse(list);
        REQUIRE(parsed);
        CHECK(parsed->has("--help"));
        CHECK(parsed->command == nullptr);
    }
    auto of_run = words({"help", "run"});
    REQUIRE(of_run);
    CHECK(of_run->command->name == "run");
    auto brief = words({"ctl", "log-level", "-h"});  // although LEVEL is missing
    REQUIRE(brief);
    CHECK(brief->has("-h"));
    auto nothing = words({});
    REQUIRE(nothing);
    CHECK(nothing->command == nullptr);
}

TEST_CASE("what does not fit is refused with what would", "[commands]") {
    CHECK(refusal({"rnu"}) == "unknown command 'rnu' (did you mean 'run'?)");
    CHECK(refusal({"ctl"}) == "ctl needs one of status, reload, drain, log-level");
    CHECK(refusal({"ctl", "stats"}) == "unknown command 'ctl stats' (did you mean 'status'?)");
    CHECK(refusal({"run", "--confg", "x"}) == "unknown flag '--confg' (did you mean '--config'?)");
    CHECK(refusal({"run", "--config"}) == "--config needs a value: --config FILE");
    CHECK(refusal({"run", "--config", "a", "--config", "b"}) == "--config is given twice");
    CHECK(refusal({"version", "--json=1"}) == "--json takes no value");
    CHECK(refusal({"run", "x"}) == "unexpected argument 'x'");
    CHECK(refusal({"ctl", "log-level"}) == "LEVEL is missing");
    CHECK(refusal({"--json"}) == "unknown flag '--json' before a command");
    CHECK(refusal({"\x1b[31m"}) == "unknown command '\xE2\x90\x9B[31m'");
    // A command is never guessed from its beginning.
    CHECK(refusal({"vers"}) == "unknown command 'vers' (did you mean 'version'?)");
}
