#include "core/config/load.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace obliv;
using namespace obliv::config;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

Environment person(std::map<std::string, std::string> variables = {}) {
    variables.emplace("HOME", "/home/ann");
    Environment out;
    out.variable = [=](const std::string& name) -> std::optional<std::string> {
        auto found = variables.find(name);
        if (found == variables.end())
            return std::nullopt;
        return found->second;
    };
    out.uid = 1000;
    out.user = "ann";
    out.folder = "/srv";
    return out;
}

Result<Loaded> parse(const std::string& text, const Environment& environment = person(),
                     const Flags& flags = {}) {
    const Source source{"f.toml", text};
    return load_texts({&source, 1}, flags, environment);
}

std::string problems(const std::string& text, const Environment& environment = person()) {
    auto loaded = parse(text, environment);
    if (loaded)
        return "";
    CHECK(loaded.error().code == Code::config_invalid);
    return loaded.error().message;
}

/// A folder that goes with the test.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "obliv-config-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { fs::remove_all(path); }
    std::string write(const std::string& name, const std::string& text) const {
        auto file = path / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file.string();
    }
    fs::path path;
};

}  // namespace

TEST_CASE("an empty file leaves every default", "[config]") {
    auto loaded = parse("");
    REQUIRE(loaded);
    const auto& config = loaded->config;
    CHECK(config.server.listen == std::vector{Endpoint{"127.0.0.1", 8490}});
    CHECK(config.upstream.connect_timeout == 5s);
    CHECK(config.upstream.total_timeout == 30min);
    CHECK(config.limits.head_bytes == 32 * 1024);
    CHECK(config.billing.durability == Durability::process);
    CHECK(config.billing.ring_slots == 65'536);
    CHECK(config.server.data_dir == "/home/ann/.local/share/oblivd");
    CHECK(config.server.socket == "/home/ann/.local/share/oblivd/oblivd.sock");
    CHECK(config.storage.path == "/home/ann/.local/share/oblivd/oblivd.db");
    CHECK(loaded->origins.empty());
}

TEST_CASE("every kind of value is read", "[config]") {
    auto loaded = parse(R"(
[server]
listen = ["0.0.0.0:80", "[::1]:81"]
[limits]
body_bytes = "1GiB"
head_bytes = 65536
headers = "1k"
[upstream]
connect_timeout = "250ms"
proxy = "http://ann:hunter2@proxy:3128"
ca_file = "/etc/ca.pem"
[billing]
durability = "power"
unpriced = "refuse"
[log]
level = "debug"
format = "json"
)");
    REQUIRE(loaded);
    const auto& config = loaded->config;
    CHECK(config.server.listen == std::vector{Endpoint{"0.0.0.0", 80}, Endpoint{"::1", 81}});
    CHECK(config.limits.body_bytes == 1 << 30);
    CHECK(config.limits.head_bytes == 65'536);
    CHECK(config.limits.headers == 1000);
    CHECK(config.upstream.connect_timeout == 250ms);
    CHECK(config.upstream.proxy == "http://ann:hunter2@proxy:3128");
    CHECK(config.upstream.ca_file == "/etc/ca.pem");
    CHECK(config.billing.durability == Durability::power);
    CHECK(config.billing.unpriced == Unpriced::refuse);
    CHECK(config.log.level == log::Level::debug);
    CHECK(config.log.format == LogFormat::json);
    auto printed = print(*loaded);
    CHECK(printed.find("hunter2") == std::string::npos);
    CHECK(printed.find("proxy = \"http://***@proxy:3128\"  # f.toml:10:9") != std::string::npos);
}

TEST_CASE("all problems are told, each with its place", "[config]") {
    CHECK(problems("[server]\nlistn = []\nthreads = \"x\"\n[sever]\na = 1\n[limits]\n"
                   "body_bytes = -1\n") ==
          "f.toml:2:1: unknown key 'listn' in section [server] (did you mean 'listen'?)\n"
          "f.toml:3:11: server.threads: expected a count such as 250, 10k or 1M, got 'x'\n"
          "f.toml:4:2: unknown section [sever] (did you mean [server]?)\n"
          "f.toml:7:14: limits.body_bytes: expected a size such as \"64KiB\", \"10MB\" or 4096, "
          "got the number -1");
}

TEST_CASE("a broken value is refused with what was expected", "[config]") {
    struct Case {
        const char* text;
        const char* message;
    };
    const Case cases[] = {
        {"[upstream]\nconnect_timeout = 10", "expected a duration in quotes"},
        {"[upstream]\nconnect_timeout = \"10\"", "expected a duration such as"},
        {"[upstream]\nconnect_timeout = \"1ms\"", "expected 100ms to 5m, got 1ms"},
        {"[upstream]\nattempts = 0", "expected 1 to 10, got 0"},
        {"[upstream]\nattempts = 1.5", "got a fraction"},
        {"[upstream]\nproxy = \"socks5://h:1\"", "expected a proxy such as http://host:3128"},
        {"[upstream]\nca_file = \"ca.pem\"", "expected an absolute path"},
        {"[upstream]\ntotal_timeout = \"5s\"", "upstream.first_byte_timeout (2m) is longer than"},
        {"[billing]\ndurability = \"proces\"", "(did you mean \"process\"?)"},
        {"[billing]\nring_slots = 9223372036854775807", "expected 64 to"},
        {"[server]\nlisten = \"127.0.0.1:1\"", "expected a list of addresses"},
        {"[server]\nlisten = [1]", "expected a list of addresses"},
        {"[server]\nlisten = [\"localhost:1\"]", "not an IP address"},
        {"[server]\nlisten = [\"::1:1\"]", "an IPv6 address stands in brackets"},
        {"[server]\nlisten = [\"127.0.0.1:65536\"]", "a port is a number from 0 to 65535"},
        {"[server]\nlisten = [\"127.0.0.1:1\", \"127.0.0.1:1\"]", "is listed twice"},
        {"[metrics]\nlisten = [\"127.0.0.1:8490\"]", "is in server.listen already"},
        {"[server]\nthreads = true", "got true"},
        {"[server]\nthreads = 2024-01-01", "got a date or time without quotes"},
        {"[secrets]\nmaster_key = \"00\"", "a secret is not written into a configuration file"},
        {"threads = 1", "unknown key 'threads' outside any section (it belongs into [server])"},
        {"[server]\nlevel = 1", "it belongs into [log]"},
        {"listen = 1", "(it belongs into [server] or [metrics])"},
        {"[server]\nthreads = 1\nthreads = 2", "f.toml:3:"},
        {"[server", "f.toml:1:"},
        {"[server]\ndata_dir = \"/a\xff\"", "f.toml:2:"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.text);
        CHECK_THAT(problems(one.text), Catch::Contains(one.message));
    }
}

TEST_CASE("bytes that TOML forbids are found before the parser meets them", "[config]") {
    const std::string message = "a configuration is UTF-8 text without control characters";
    CHECK(problems(std::string("[\0\0server]", 10)) == "f.toml:1:2: " + message);
    CHECK(problems("[server]\n# a\x7f") == "f.toml:2:4: " + message);
    CHECK(problems("[server]\r\n\t# \xff") == "f.toml:2:4: " + message);
    CHECK(problems("[server]\r\n\t# é") == "");
}

TEST_CASE("a header without a name is told where it stands", "[config]") {
    for (const char* header : {"[=]", "[ #", "[[%", "[", "[\n]", "[.a]", "[{}]"}) {
        CAPTURE(header);
        CHECK_THAT(problems("[server]\nthreads = 1\n  " + std::string(header)),
                   Catch::StartsWith("f.toml:3:"));
    }
    CHECK(problems("\n[=]\n") == "f.toml:2:1: expected a name such as [server]");
}

TEST_CASE("letters outside ASCII are refused outside of texts, with their place", "[config]") {
    for (const char* line : {"é = 1", "\xEF\xB9\xBF = 1", "threads = é", "threads = 1 é", "[é]"}) {
        CAPTURE(line);
        CHECK_THAT(problems("[server]\n" + std::string(line)), Catch::StartsWith("f.toml:2:"));
    }
    CHECK(problems("[server] # é\ndata_dir = \"/é\"") == "");
}

TEST_CASE("a text may refer to variables", "[config]") {
    auto environment = person({{"DIR", "/srv"}, {"EMPTY", ""}});
    auto loaded = parse("[server]\ndata_dir = \"${DIR}/x${EMPTY}/$${DIR}\"", environment);
    REQUIRE(loaded);
    CHECK(loaded->config.server.data_dir == "/srv/x/${DIR}");
    CHECK_THAT(print(*loaded),
               Catch::Contains("data_dir = \"${DIR}/x${EMPTY}/$${DIR}\"  # f.toml:2:12"));
    CHECK_THAT(problems("[server]\ndata_dir = \"${GONE}\""),
               Catch::Contains("the environment variable GONE is not set"));
    CHECK_THAT(problems("[server]\ndata_dir = \"${DIR\"", environment),
               Catch::Contains("expected ${VARIABLE}"));
}

TEST_CASE("what a reference stands for is never told", "[config]") {
    auto environment = person({{"KEY", "hunter2"}});
    for (const char* text :
         {"[secrets]\nmaster_key = \"${KEY}\"", "[upstream]\nconnect_timeout = \"${KEY}\"",
          "[log]\nlevel = \"${KEY}\"", "[server]\nlisten = [\"${KEY}\"]",
          "[limits]\nbody_bytes = \"${KEY}\"", "[upstream]\nca_file = \"${KEY}\"",
          "[upstream]\nproxy = \"${KEY}\""}) {
        CAPTURE(text);
        auto message = problems(text, environment);
        CHECK(message != "");
        CHECK_THAT(message, !Catch::Contains("hunter2"));
    }
}

TEST_CASE("a credential is read from systemd's folder and shown by name", "[config]") {
    Folder folder;
    const std::string digits(64, 'a');
    folder.write("key", digits + "\n");
    auto environment = person({{"CREDENTIALS_DIRECTORY", folder.path.string()}});
    auto loaded = parse("[secrets]\nmaster_key = \"credential:key\"", environment);
    REQUIRE(loaded);
    CHECK(loaded->config.secrets.master_key.reveal() == digits);
    CHECK_THAT(print(*loaded), Catch::Contains("master_key = \"credential:key\""));
    CHECK_THAT(print(*loaded), !Catch::Contains(digits));
    CHECK_THAT(problems("[secrets]\nmaster_key = \"credential:../key\"", environment),
               Catch::Contains("no file name"));
    CHECK_THAT(problems("[secrets]\nmaster_key = \"credential:gone\"", environment),
               Catch::Contains("credential 'gone' cannot be read"));
    CHECK_THAT(problems("[secrets]\nmaster_key = \"credential:key\""),
               Catch::Contains("$CREDENTIALS_DIRECTORY is not set"));
}

TEST_CASE("flags win over files and relative ones begin at the working directory", "[config]") {
    Flags flags;
    flags.data_dir = "data";
    flags.socket = "/run/x.sock";
    flags.listen = {"127.0.0.1:0"};
    auto loaded = parse("[server]\ndata_dir = \"/a\"\nlisten = [\"127.0.0.1:1\"]", person(), flags);
    REQUIRE(loaded);
    CHECK(loaded->config.server.data_dir == "/srv/data");
    CHECK(loaded->config.storage.path == "/srv/data/oblivd.db");
    CHECK(loaded->config.server.socket == "/run/x.sock");
    CHECK(loaded->config.server.listen == std::vector{Endpoint{"127.0.0.1", 0}});
    CHECK_THAT(print(*loaded), Catch::Contains("data_dir = \"/srv/data\"  # --data-dir"));
    flags.listen = {"nonsense"};
    auto bad = parse("", person(), flags);
    REQUIRE(!bad);
    CHECK_THAT(bad.error().message, Catch::StartsWith("--listen: server.listen: expected"));
}

TEST_CASE("drop-ins are read in byte order after the main file and replace lists", "[config]") {
    Folder folder;
    auto main = folder.write("oblivd.toml", "[server]\nthreads = 1\nlisten = [\"127.0.0.1:1\"]\n"
                                            "[limits]\nheaders = 50\n");
    folder.write("conf.d/b.toml", "[server]\nthreads = 3\n");
    folder.write("conf.d/Z.toml", "[server]\nthreads = 2\nlisten = [\"127.0.0.1:2\"]\n");
    folder.write("conf.d/ignored.conf", "nonsense");
    folder.write("conf.d/.hidden.toml", "nonsense");
    Flags flags;
    flags.config = main;
    auto loaded = load(flags, person());
    REQUIRE(loaded);
    CHECK(loaded->config.server.threads == 3);
    CHECK(loaded->config.limits.headers == 50);
    CHECK(loaded->config.server.listen == std::vector{Endpoint{"127.0.0.1", 2}});
    CHECK(loaded->files.size() == 3);

    ::chmod((folder.path / "conf.d").c_str(), 0777);
    auto refused = load(flags, person());
    REQUIRE(!refused);
    CHECK_THAT(refused.error().message, Catch::Contains("others may write there"));
}

TEST_CASE("a named file must exist and a default one need not", "[config]") {
    Folder folder;
    auto environment = person({{"XDG_CONFIG_HOME", folder.path.string()}});
    CHECK(load({}, environment));
    Flags flags;
    flags.config = (folder.path / "gone.toml").string();
    auto missing = load(flags, environment);
    REQUIRE(!missing);
    CHECK_THAT(missing.error().message, Catch::Contains("gone.toml: No such file"));
    folder.write("oblivd/oblivd.toml", std::string(std::size_t{1} << 21, '#'));
    CHECK(!load({}, environment));
}

TEST_CASE("only settings that wait for a restart are named", "[config]") {
    auto before = parse("");
    auto after = parse("[server]\nthreads = 2\ndrain_timeout = \"1s\"\n[log]\nlevel = \"debug\"\n"
                       "[storage]\nreaders = 4\n[billing]\ndurability = \"power\"\n"
                       "unpriced = \"free\"\nhidden_reasoning_rate = 3");
    REQUIRE(before);
    REQUIRE(after);
    CHECK(needs_restart(before->config, after->config) ==
          std::vector<std::string>{"server.threads", "billing.durability", "billing.unpriced",
                                   "storage.readers"});
    CHECK(needs_restart(before->config, before->config).empty());
}
