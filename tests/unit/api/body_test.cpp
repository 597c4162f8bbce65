#include "core/api/body.hpp"

#include "core/base/random.hpp"
#include "core/base/text.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::api;

namespace {

const std::string channel = R"("name":"n","type":"openai","keys":["k"],"models":["m"])";

Error refused(std::string_view text, std::string_view name) {
    INFO("body " << text.substr(0, 200));
    auto body = Body::parse(text, schema(name));
    REQUIRE_FALSE(body);
    CHECK(body.error().code == Code::invalid_request);
    CHECK_FALSE(first_invalid_utf8(body.error().message));
    CHECK_FALSE(first_invalid_utf8(body.error().param));
    return body.error();
}

/// Refuses one field of a channel, and the error points at it.
void bad_field(const std::string& field, std::string_view param, std::string_view because) {
    auto error = refused("{" + channel + "," + field + "}", "ChannelCreate");
    CHECK(error.param == param);
    CHECK_THAT(error.message, Catch::Contains(std::string(because)));
}

}  // namespace

TEST_CASE("a body gives its fields with their types", "[api]") {
    auto body = Body::parse(
        R"({"name":"n","role":"admin","models":["a","b*"],"budget":"5.25","expires_at":null,
            "requests_per_minute":60})",
        schema("TokenCreate"));
    REQUIRE(body);
    CHECK(body->text("name") == "n");
    CHECK(body->texts("models") == std::vector<std::string>{"a", "b*"});
    CHECK(body->money("budget") == Money::nanos(5'250'000'000));
    CHECK(body->integer("requests_per_minute") == 60);
    CHECK(body->set("budget"));
    CHECK(body->has("expires_at"));
    CHECK(body->clear("expires_at"));
    CHECK_FALSE(body->set("expires_at"));
    CHECK_FALSE(body->has("group"));
    CHECK_FALSE(body->clear("group"));
}

TEST_CASE("a channel's body gives keys, aliases, times and switches", "[api]") {
    auto body = Body::parse("{" + channel +
                                R"(,"aliases":{"a":"b"},"enabled":false,
                                   "timeouts":{"idle_ms":5,"total_ms":null}})",
                            schema("ChannelCreate"));
    REQUIRE(body);
    CHECK(body->secrets("keys").front() == Secret("k"));
    CHECK(body->pairs("aliases").at("a") == "b");
    CHECK_FALSE(body->boolean("enabled"));
    auto timeouts = body->object("timeouts");
    CHECK(timeouts.integer("idle_ms") == 5);
    CHECK(timeouts.clear("total_ms"));
    CHECK_FALSE(timeouts.has("connect_ms"));
}

TEST_CASE("an unknown field is refused by name, with what was meant", "[api]") {
    auto error = refused(R"({"name":"n","budgett":"1"})", "TokenCreate");
    CHECK(error.message == "unknown field 'budgett'; did you mean 'budget'?");
    CHECK(error.param == "budgett");
    error = refused("{" + channel + R"(,"timeouts":{"idle":1}})", "ChannelCreate");
    CHECK(error.param == "timeouts.idle");
    error = refused(R"({"name":"n","zzzzzzzzz":1})", "TokenCreate");
    CHECK(error.message == "unknown field 'zzzzzzzzz'");
    error = refused(R"({"name":"n","role":"relay"})", "TokenPatch");
    CHECK(error.param == "role");
    error = refused("{\"name\":\"n\",\"\\u001b[31m\":1}", "TokenCreate");
    CHECK(error.message.find('\x1b') == std::string::npos);
}

TEST_CASE("a missing field and a null that clears nothing are refused", "[api]") {
    CHECK(refused("", "TokenCreate").param == "name");
    CHECK(refused("{}", "TransferAsk").param == "amount");
    CHECK(refused(R"({"name":null})", "TokenPatch").param == "name");
    CHECK(Body::parse("{}", schema("TokenPatch")));
    CHECK(Body::parse("", schema("ChannelTestAsk")));
}

TEST_CASE("wrong types and bounds are refused where they are", "[api]") {
    bad_field(R"("priority":"1")", "priority", "got a text");
    bad_field(R"("priority":1.0)", "priority", "with decimals");
    bad_field(R"("priority":1000001)", "priority", "1000001");
    bad_field(R"("weight":-1)", "weight", "from 0 to");
    bad_field(R"("weight":9223372036854775808)", "weight", "9223372036854775808");
    bad_field(R"("weight":18446744073709551615)", "weight", "18446744073709551615");
    bad_field(R"("weight":99999999999999999999999)", "weight", "very large");
    bad_field(R"("weight":true)", "weight", "got a boolean");
    bad_field(R"("enabled":1)", "enabled", "true or false");
    bad_field(R"("groups":[])", "groups", "a list of 1");
    bad_field(R"("groups":["a","b b"])", "groups[1]", "a name has");
    bad_field(R"("groups":"a")", "groups", "expected a list");
    bad_field(R"("aliases":["a"])", "aliases", "expected an object");
    bad_field(R"("aliases":{"a":1})", "aliases.a", "expected a text");
    bad_field(R"("aliases":{"a b":"c"})", "aliases.a b", "no spaces");
    bad_field(R"("timeouts":{"idle_ms":0})", "timeouts.idle_ms", "from 1 to");
    bad_field(R"("timeouts":{"idle_ms":"10s"})", "timeouts.idle_ms", "got a text");
    bad_field(R"("timeouts":5)", "timeouts", "a JSON object");
    bad_field(R"("base_url":"ftp://x")", "base_url", "http://");
    bad_field(R"("proxy":"http://u:p@h")", "proxy", "user or a password");
    CHECK(Body::parse(R"({"name":"n","type":"t","keys":["{\"a\": \"b c\"}"],"models":["m"]})",
                      schema("ChannelCreate")));
    CHECK(
        refused(R"({"name":"n","type":"t","keys":["{\"a\":\n1}"],"models":["m"]})", "ChannelCreate")
            .param == "keys[0]");
    CHECK(refused(R"({"name":"n","type":"t","keys":["a b"],"models":["m"]})", "ChannelCreate")
              .param == "keys[0]");
    CHECK(refused(R"({"name":"n","type":"t","keys":[""],"models":["m"]})", "ChannelCreate").param ==
          "keys[0]");
    CHECK(refused(R"({"name":"n","type":"t","keys":[],"models":[]})", "ChannelCreate").param ==
          "models");
}

TEST_CASE("a refused key is not repeated", "[api]") {
    auto error =
        refused(R"({"name":"n","type":"t","keys":["hunter two"],"models":["m"]})", "ChannelCreate");
    CHECK(error.message.find("hunter") == std::string::npos);
}

TEST_CASE("money is a text, not negative and not too fine or large", "[api]") {
    for (auto bad : {"5", "5.0", "\"\"", "\"5,00\"", "\"-1\"", "\"1e3\"", "\"1.0000000001\"",
                     "\"9223372037\"", "\"99999999999999999999\"", "\" 5\"", "\"+5\"", "true"})
        CHECK(refused(R"({"name":"n","budget":)" + std::string(bad) + "}", "TokenCreate").param ==
              "budget");
    CHECK(Body::parse(R"({"name":"n","budget":"0"})", schema("TokenCreate")));
    CHECK(Body::parse(R"({"amount":"-5.00"})", schema("TransferAsk")));
}

TEST_CASE("times and choices are checked", "[api]") {
    for (auto bad : {"\"tomorrow\"", "\"2026-13-01\"", "1", "\"30d\"", "\"2026-01-01T25:00:00Z\""})
        CHECK(
            refused(R"({"name":"n","expires_at":)" + std::string(bad) + "}", "TokenCreate").param ==
            "expires_at");
    auto error = refused(R"({"name":"n","role":"root"})", "TokenCreate");
    CHECK(error.message == "role: expected one of relay admin, got 'root'");
}

TEST_CASE("what is not JSON is refused with the place", "[api]") {
    CHECK_THAT(refused("{\"name\":}", "TokenCreate").message, Catch::Contains("at byte 9"));
    for (auto bad : {"{", "[]", "null", "\"x\"", "1", "{\"name\":\"n\"} x", "{\"name\":'n'}",
                     "{\"name\":\"n\",}", "{\"name\":\"\t\"}", "{\"name\":\"\\ud800\"}", "nul",
                     "// c\n{}", "{\"name\":NaN}"})
        refused(bad, "TokenCreate");
    CHECK_THAT(refused("{\"name\":\"\xff\"}", "TokenCreate").message, Catch::Contains("byte 10"));
    CHECK_THAT(refused("{\"name\":\"a\",\"name\":\"b\"}", "TokenCreate").message,
               Catch::Contains("'name' is given twice"));
}

TEST_CASE("deep nesting is refused before it costs anything", "[api]") {
    for (auto depth : {17, 1000, 200'000}) {
        auto count = static_cast<std::size_t>(depth);
        auto error = refused(
            R"({"name":)" + std::string(count, '[') + std::string(count, ']') + "}", "TokenCreate");
        CHECK_THAT(error.message, Catch::Contains("nested deeper"));
        refused(std::string(count, '['), "TokenCreate");
    }
}

TEST_CASE("random bytes and cut bodies never get through half", "[api]") {
    auto seed = GENERATE(11u, 12u, 13u);
    INFO("seed " << seed);
    Random random(seed);
    const std::string whole = "{" + channel + R"(,"timeouts":{"idle_ms":5},"aliases":{"a":"b"}})";
    for (std::size_t length = 1; length < whole.size(); ++length)
        refused(whole.substr(0, length), "ChannelCreate");
    for (int round = 0; round < 2000; ++round) {
        auto text = whole;
        for (int i = 0; i < 3; ++i)
            text[static_cast<std::size_t>(random.below(text.size()))] =
                static_cast<char>(random.below(256));
        auto body = Body::parse(text, schema("ChannelCreate"));
        if (body)
            CHECK_FALSE(first_invalid_utf8(body->text("name")));
    }
}

TEST_CASE("a reply is held against its schema in the same way", "[api]") {
    CHECK(conforms(R"({"level":"info"})", schema("LogLevel")));
    CHECK_FALSE(conforms(R"({"level":"info","x":1})", schema("LogLevel")));
    CHECK(conforms(R"({"ok":true,"accounts":1,"charges":2,"transfers":3,"usage_rows":4,"retired":0,
                       "problems":["x"]})",
                   schema("Verification")));
}
