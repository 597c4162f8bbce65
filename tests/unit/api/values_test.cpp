#include "core/api/values.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::api;

TEST_CASE("names are short, plain and never digits only", "[api]") {
    for (auto good : {"a", "my-token", "eu.west_1", "1a", "-", "..."})
        CHECK(check_name(good));
    CHECK(check_name(std::string(64, 'a')));
    for (auto bad : {"", "123", "a b", "a/b", "ä", "a\n", ".", "..", "a%20"})
        CHECK_FALSE(check_name(bad));
    CHECK_FALSE(check_name(std::string(65, 'a')));
    CHECK_THAT(check_name("42").error().message, Catch::Contains("taken for an id"));
}

TEST_CASE("URLs are http, https, ws or wss with a host and no credentials", "[api]") {
    for (auto good :
         {"https://api.openai.com/v1", "http://127.0.0.1:8000", "HTTP://h/", "wss://h/v1",
          "ws://h:1", "http://[::1]:8080/v1", "https://[2001:db8::1]/", "http://a-b.c_d:65535/x"})
        CHECK(check_url(good));
    for (auto bad : {"",
                     "api.openai.com",
                     "ftp://h",
                     "wsx://h",
                     "http://",
                     "http:///x",
                     "http://u:p@h/",
                     "http://h?x=1",
                     "http://h/#f",
                     "http://h:0/",
                     "http://h:65536",
                     "http://h:",
                     "http://h:+1",
                     "http://h:-1",
                     "http://a b/",
                     "http://[::1",
                     "http://[x]/",
                     "http://ä/",
                     "http://h/\n",
                     "https://"})
        CHECK_FALSE(check_url(bad));
    CHECK_FALSE(check_url("http://h/" + std::string(2048, 'x')));
}

TEST_CASE("a text cursor takes any name and goes back to its own list only", "[api]") {
    for (auto name : {"gpt-4o", "meta/llama 3&x=%41", "模型", ""})
        CHECK(*parse_text_cursor("models", make_text_cursor("models", name)) == name);
    for (auto bad : {"tokens.61", "models", "models.6", "models.zz", "models.ff", ""})
        CHECK_FALSE(parse_text_cursor("models", bad));
}

TEST_CASE("a cursor goes back to its own list only", "[api]") {
    CHECK(*parse_cursor("tokens", make_cursor("tokens", 17)) == 17);
    CHECK(*parse_cursor("usage", make_cursor("usage", INT64_MAX)) == INT64_MAX);
    for (auto bad : {"channels.17", "tokens", "tokens.", "tokens.x", "tokens.-1", "17", "",
                     "tokens.17x", "tokens.99999999999999999999"}) {
        auto parsed = parse_cursor("tokens", bad);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().param == "cursor");
    }
}
