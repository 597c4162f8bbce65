#include "cli/output/output.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <sys/mman.h>
#include <unistd.h>

using namespace obliv;
using namespace obliv::cli;

namespace {

/// Two files in memory in place of stdout and stderr.
struct Streams {
    Streams() : out(::memfd_create("out", 0)), err(::memfd_create("err", 0)) {}
    ~Streams() {
        ::close(out);
        ::close(err);
    }
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    Output output(OutputOptions options = {}) const {
        options.out = out;
        options.err = err;
        return Output(std::move(options), [](const char*) { return std::string(); });
    }
    static std::string read(int descriptor) {
        std::string text(65536, '\0');
        auto got = ::pread(descriptor, text.data(), text.size(), 0);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
    int out;
    int err;
};

const Json rows = Json::parse(R"([{"id":"1","name":"a"},{"id":"2","name":"b"}])");
const std::vector<Column> columns{{"id", "ID", true}, {"name", "NAME"}};

}  // namespace

TEST_CASE("a list off a terminal is tab-separated and tells of more on stderr", "[output]") {
    Streams streams;
    auto output = streams.output();
    REQUIRE(output.list("obliv.thing.list/1", rows, "next", columns));
    CHECK(Streams::read(streams.out) == "ID\tNAME\n1\ta\n2\tb\n");
    CHECK(Streams::read(streams.err) == "there is more: go on with --cursor next\n");
}

TEST_CASE("a list as JSON carries schema, data and cursor", "[output]") {
    Streams streams;
    auto output = streams.output({.form = Form::json});
    REQUIRE(output.list("obliv.thing.list/1", rows, nullptr, columns));
    auto document = Json::parse(Streams::read(streams.out));
    CHECK(document.dump() ==
          R"({"schema":"obliv.thing.list/1","data":)" + rows.dump() + R"(,"next_cursor":null})");
}

TEST_CASE("a list as events ends with end, and type comes first", "[output]") {
    Streams streams;
    auto output = streams.output({.form = Form::ndjson});
    REQUIRE(output.list("obliv.thing.list/1", rows, nullptr, columns));
    CHECK(Streams::read(streams.out) == "{\"type\":\"thing\",\"id\":\"1\",\"name\":\"a\"}\n"
                                        "{\"type\":\"thing\",\"id\":\"2\",\"name\":\"b\"}\n"
                                        "{\"type\":\"end\",\"next_cursor\":null}\n");
}

TEST_CASE("an object for people is lines of names and values", "[output]") {
    Streams streams;
    auto output = streams.output();
    REQUIRE(output.object("obliv.thing.get/1", rows[0]));
    CHECK(Streams::read(streams.out) == "id    1\nname  a\n");
}

TEST_CASE("quiet leaves errors only, -v adds details and -vv traces", "[output]") {
    auto said = [](int verbosity) {
        Streams streams;
        auto output = streams.output({.verbosity = verbosity});
        output.note("note");
        output.warn("careful");
        output.detail("detail");
        output.trace("trace\x1b");
        output.suggest("never off a terminal");
        return Streams::read(streams.err);
    };
    CHECK(said(-1).empty());
    CHECK(said(0) == "note\nwarning: careful\n");
    CHECK(said(1) == "note\nwarning: careful\ndetail\n");
    CHECK(said(2) == "note\nwarning: careful\ndetail\ntrace␛\n");
}

TEST_CASE("an error ends the events on stdout and is one line on stderr", "[output]") {
    Streams streams;
    auto output = streams.output({.form = Form::ndjson});
    output.error(fail(Code::not_found, "gone"), {});
    auto event = Json::parse(Streams::read(streams.out));
    CHECK(event.begin().key() == "type");
    CHECK(event["type"] == "error");
    CHECK(Json::parse(Streams::read(streams.err))["error"] == event["error"]);
}
