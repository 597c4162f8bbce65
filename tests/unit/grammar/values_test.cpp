#include "cli/grammar/values.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("counts take k and M and nothing else", "[grammar]") {
    CHECK(parse_count("20") == 20);
    CHECK(parse_count("10k") == 10'000);
    CHECK(parse_count("1M") == 1'000'000);
    for (auto text : {"", "k", "-1", "1.5k", "1K", "9223372036854775807k", "1 k"})
        CHECK_FALSE(parse_count(text));
}

TEST_CASE("lists split at commas in every repeat and drop what is empty", "[grammar]") {
    Values values;
    values.flags["models"] = {"a, b", "", ",c"};
    CHECK(values.list("models") == std::vector<std::string>{"a", "b", "c"});
    CHECK(values.list("other").empty());
}

TEST_CASE("times are written as the API takes them", "[grammar]") {
    Values values;
    values.flags["since"] = {"-1h"};
    CHECK(values.time("since", from_unix_nanos(7'200'000'000'000)) == "1970-01-01T01:00:00.000Z");
}

TEST_CASE("decimals are plain numbers", "[grammar]") {
    CHECK(check_value(Kind::decimal, {}, "0.7", "--t"));
    for (auto text : {"", "x", "1e5", "0.7 ", "nan "})
        CHECK_FALSE(check_value(Kind::decimal, {}, text, "--t"));
}
