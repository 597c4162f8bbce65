#include "daemon/app/capture.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace obliv;
using namespace obliv::daemon;

TEST_CASE("the values of named fields are left out of JSON", "[capture]") {
    std::vector<std::string> fields{"email", "name"};
    auto left = [&](const char* text) { return without_fields(text, fields); };
    CHECK(left(R"({"email":"a@b","x":"email","name" : "n\"\\","e":{"name":"m"}})") ==
          R"({"email":"[redacted]","x":"email","name" : "[redacted]","e":{"name":"[redacted]"}})");
    CHECK(
        left(R"({"email":{"at":["a}",{"b":"]"}]},"name":5,"email":null,"x":[{"name":[1,2]}]})") ==
        R"({"email":"[redacted]","name":"[redacted]","email":"[redacted]","x":[{"name":"[redacted]"}]})");
    CHECK(left(R"({"name":[{"cut":"of)") == R"({"name":"[redacted]")");
    CHECK(left(R"({"name":)") == R"({"name":)");
    CHECK(left("data: {\"name\":\"a\"}\n\ndata: {\"name\":\"b") ==
          "data: {\"name\":\"[redacted]\"}\n\ndata: {\"name\":\"[redacted]\"");
    CHECK(left(R"(["email",":","x"])") == R"(["email",":","x"])");
    CHECK(left("").empty());
    CHECK(left("\"email") == "\"email");
    CHECK(left("\"email\":\"\\") == "\"email\":\"[redacted]\"");
    CHECK(without_fields(R"({"email":"a"})", {}) == R"({"email":"a"})");
}

TEST_CASE("any bytes have their fields left out", "[capture]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const std::string pieces[] = {"\"", "\\", "email", ":", " ", "{", "secret-text", "\xff", ","};
    for (int i = 0; i < 2000; ++i) {
        std::string text;
        for (auto count = random() % 20; count > 0; --count)
            text += pieces[random() % 9];
        text += "{\"email\":\"hidden\"}";
        auto out = without_fields("{\"email\":\"hidden\"}" + text, {"email"});
        CHECK(out.starts_with("{\"email\":\"[redacted]\"}"));
    }
}

TEST_CASE("what is kept has no secrets, nor the beginning of one where it was cut", "[capture]") {
    std::string secret = "sk-proj-0123456789abcdefghij";
    CHECK(fit_to_keep("my key is " + secret, false, {}).find("sk-proj") == std::string::npos);
    for (std::size_t size = 1; size <= secret.size(); ++size) {
        auto out = fit_to_keep("my key is " + secret.substr(0, size), true, {});
        CHECK(out == "my key is ");
    }
    CHECK(fit_to_keep(R"({"a":"b c)", true, {"a"}) == R"({"a":"[redacted]")");
    CHECK(fit_to_keep("line\nline", false, {}) == "line\nline");
    CHECK(fit_to_keep("oneword", true, {}).empty());
    // All of a long text, and not only its beginning.
    std::string text;
    while (text.size() < 60'000)
        text += "some words ";
    CHECK(fit_to_keep(text, false, {}) == text);
}

TEST_CASE("rules name tokens, models and beginnings of models", "[capture]") {
    CaptureRules rules;
    CHECK_FALSE(rules.any());
    rules.models = {"gpt-4*", "o1"};
    rules.tokens = {"watched"};
    CHECK(rules.any());
    relay::Record record;
    CHECK_FALSE(rules.wants(record));
    record.call.model = "gpt-4o";
    CHECK(rules.wants(record));
    record.call.model = "o1-mini";
    CHECK_FALSE(rules.wants(record));
    record.token = "watched";
    CHECK(rules.wants(record));
    record.call.model = "o1";
    record.token = "other";
    CHECK(rules.wants(record));
}
