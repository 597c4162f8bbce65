#include "core/wire/fields.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;

TEST_CASE("fields of the right type are read, absent and null ones leave the target", "[wire]") {
    auto body = *parse_json(R"({"s":"x","b":true,"d":2,"i":7,"one":"a","many":["a","b"],
                               "j":{"k":[1]},"null":null})");
    Complaint complaint;
    Fields fields(body, "", complaint);
    std::string s;
    std::string untouched = "kept";
    std::optional<bool> b;
    std::optional<double> d;
    std::optional<std::int64_t> i;
    std::vector<std::string> one;
    std::vector<std::string> many;
    std::string j;
    fields.read("s", s);
    fields.read("null", untouched);
    fields.read("absent", untouched);
    fields.read("b", b);
    fields.read("d", d);
    fields.read("i", i);
    fields.read_strings("one", one);
    fields.read_strings("many", many);
    fields.read_json("j", j);
    CHECK_FALSE(complaint);
    CHECK(s == "x");
    CHECK(untouched == "kept");
    CHECK(b == true);
    CHECK(d == 2.0);
    CHECK(i == 7);
    CHECK(one == std::vector<std::string>{"a"});
    CHECK(many == std::vector<std::string>{"a", "b"});
    CHECK(j == R"({"k":[1]})");
}

TEST_CASE("the first field at fault is named with its place", "[wire]") {
    auto body = *parse_json(R"({"model":3,"temperature":"warm"})");
    Complaint complaint;
    Fields fields(body, "messages[2]", complaint);
    std::string model;
    std::optional<double> temperature;
    fields.read("model", model);
    fields.read("temperature", temperature);
    REQUIRE(complaint);
    CHECK(complaint.first()->code == Code::invalid_request);
    CHECK(complaint.first()->param == "messages[2].model");
    CHECK(complaint.first()->message == "'messages[2].model' must be a string");
}

TEST_CASE("every wrong type is complained of", "[wire]") {
    auto body = *parse_json(R"({"x":{},"half":1.5,"mixed":["a",1]})");
    auto complains = [&](auto read) {
        Complaint complaint;
        Fields fields(body, "", complaint);
        read(fields);
        return static_cast<bool>(complaint);
    };
    std::string s;
    std::optional<bool> b;
    std::optional<double> d;
    std::optional<std::int64_t> i;
    std::vector<std::string> v;
    CHECK(complains([&](Fields& f) { f.read("x", s); }));
    CHECK(complains([&](Fields& f) { f.read("x", b); }));
    CHECK(complains([&](Fields& f) { f.read("x", d); }));
    CHECK(complains([&](Fields& f) { f.read("x", i); }));
    CHECK(complains([&](Fields& f) { f.read("half", i); }));
    CHECK(complains([&](Fields& f) { f.read_strings("mixed", v); }));
    CHECK(complains([&](Fields& f) { f.take_array("x"); }));
    CHECK(complains([&](Fields& f) { f.take_object("half"); }));
    CHECK(complains([&](Fields& f) { f.require("absent", "which?"); }));
    CHECK(complains([&](Fields& f) { Fields(body["half"], "half", f.complaint()); }));
}

TEST_CASE("what nobody has read is left over, in its order, nulls not", "[wire]") {
    auto body = *parse_json(R"({"z":1,"read":2,"a":{"b":3},"null":null})");
    Complaint complaint;
    Fields fields(body, "", complaint);
    fields.take("read");
    std::vector<llm::Extra> rest;
    fields.rest(rest);
    CHECK(rest == std::vector<llm::Extra>{{"z", "1"}, {"a", R"({"b":3})"}});
    CHECK(fields.rest_text() == R"({"z":1,"a":{"b":3}})");
    fields.take("z");
    fields.take("a");
    CHECK(fields.rest_text().empty());
}
