#include "core/config/load.hpp"
#include "core/config/schema.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace obliv;
using namespace obliv::config;

namespace {

Environment root() {
    Environment out;
    out.variable = [](const std::string&) { return std::nullopt; };
    return out;
}

Result<Loaded> parse(std::string text) {
    const Source source{"f", std::move(text)};
    return load_texts({&source, 1}, {}, root());
}

}  // namespace

TEST_CASE("every setting has a section, a meaning and a name of its own", "[config]") {
    std::set<std::string> names;
    for (const auto& field : fields()) {
        CAPTURE(field.name());
        CHECK(names.insert(field.name()).second);
        CHECK(field.meaning.ends_with('.'));
        CHECK(!field.type.empty());
        bool known = false;
        for (const auto& section : sections())
            known = known || section.name == field.section;
        CHECK(known);
    }
    CHECK(find_field("server", "gone") == nullptr);
}

TEST_CASE("the default file says nothing, and with its comments removed the defaults", "[config]") {
    auto silent = parse(default_file());
    REQUIRE(silent);
    CHECK(silent->origins.empty());

    std::string text;
    std::size_t at = 0;
    auto file = default_file();
    while (at < file.size()) {
        auto line = file.substr(at, file.find('\n', at) - at);
        at += line.size() + 1;
        CHECK(line.size() <= 100);
        text += (line.starts_with('#') && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
    }
    auto loud = parse(text);
    REQUIRE(loud);
    CHECK(loud->origins.size() == fields().size());
    for (const auto& field : fields()) {
        CAPTURE(field.name());
        CHECK(field.same(silent->config, loud->config));
    }
}

TEST_CASE("what print writes reads back as the same settings", "[config]") {
    auto first = parse(
        "[server]\nlisten = [\"[::1]:1\", \"0.0.0.0:2\"]\ndata_dir = \"/a\\\"\\u0001é$${X}\"\n"
        "[limits]\nbody_bytes = 1500\n[upstream]\nidle_timeout = \"1500ms\"");
    REQUIRE(first);
    auto second = parse(print(*first));
    REQUIRE(second);
    for (const auto& field : fields()) {
        CAPTURE(field.name());
        CHECK(field.same(first->config, second->config));
    }
}

TEST_CASE("the reference names every setting", "[config]") {
    auto page = reference_page();
    for (const auto& field : fields())
        CHECK_THAT(page, Catch::Contains("| `" + std::string(field.key) + "` |"));
}
