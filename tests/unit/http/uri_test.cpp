#include "core/http/headers.hpp"
#include "core/http/uri.hpp"

#include <catch2/catch.hpp>

using namespace obliv::http;

TEST_CASE("percent-encoding is undone or refused", "[http]") {
    CHECK(percent_decode("a%20b%2Fc") == "a b/c");
    CHECK(percent_decode("a+b") == "a+b");
    CHECK(percent_decode("a+b", true) == "a b");
    for (const char* bad : {"%", "%2", "%zz", "a%4"})
        CHECK_FALSE(percent_decode(bad));
    CHECK(percent_encode("a b/ü~") == "a%20b%2F%C3%BC~");
    CHECK(percent_decode(percent_encode("\x01/%+&=")) == "\x01/%+&=");
}

TEST_CASE("values are found in a query", "[http]") {
    CHECK(query_value("a=1&key=sk-x&b", "key") == "sk-x");
    CHECK(query_value("a=1&key=sk-x&b", "b") == "");
    CHECK(query_value("k%65y=a%26b+c", "key") == "a&b c");
    CHECK(query_value("key=first&key=second", "key") == "first");
    CHECK_FALSE(query_value("a=1", "key"));
    CHECK_FALSE(query_value("", "key"));
    CHECK_FALSE(query_value("key=%zz", "key"));
}

TEST_CASE("tokens are found in a list", "[http]") {
    CHECK(list_has("a, Close ,b", "close"));
    CHECK(list_has("close", "close"));
    CHECK_FALSE(list_has("closed, x-close", "close"));
    CHECK_FALSE(list_has("", "close"));
}
