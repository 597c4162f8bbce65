#include "daemon/app/capture_text.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::daemon;

namespace {

const std::string secret = "sk-proj-0123456789abcdefghij";

std::string openai_event(int index, const std::string& content) {
    nlohmann::ordered_json delta{{"index", index}, {"delta", {{"content", content}}}};
    nlohmann::ordered_json event{{"id", "chatcmpl-7"}, {"choices", {delta}}};
    return "data: " + event.dump() + "\n\n";
}

std::string anthropic_event(int index, const std::string& text) {
    nlohmann::ordered_json event{{"type", "content_block_delta"},
                                 {"index", index},
                                 {"delta", {{"type", "text_delta"}, {"text", text}}}};
    return "event: content_block_delta\ndata: " + event.dump() + "\n\n";
}

/// What choice `index` says in a stream of OpenAI's.
std::string said(const std::string& stream, int index) {
    std::string out;
    for (std::size_t at = 0; (at = stream.find("data: ", at)) != std::string::npos;) {
        at += 6;
        auto end = stream.find('\n', at);
        auto json = nlohmann::json::parse(stream.substr(at, end - at));
        for (const auto& choice : json["choices"])
            if (choice["index"] == index)
                out += choice["delta"]["content"].get<std::string>();
    }
    return out;
}

}  // namespace

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

TEST_CASE("a secret that came in pieces is left out", "[capture]") {
    auto stream = openai_event(0, "key sk-pr") + openai_event(1, "one ") +
                  openai_event(0, "oj-0123") + openai_event(1, "two") +
                  openai_event(0, "456789abcdefghij, ") + openai_event(0, "so");
    auto kept = fit_to_keep(stream + "data: [DONE]\n\n", false, {});
    CHECK(said(kept.substr(0, kept.find("data: [DONE]")), 0) == "key [redacted], so");
    CHECK(said(kept.substr(0, kept.find("data: [DONE]")), 1) == "one two");

    // Also of the words before it, which make it one.
    kept = fit_to_keep(anthropic_event(0, "password") + anthropic_event(0, " = ") +
                           anthropic_event(1, "free") + anthropic_event(0, "hun") +
                           anthropic_event(0, "ter2 "),
                       false, {});
    CHECK(kept.find("hun") == std::string::npos);
    CHECK(kept.find("ter2") == std::string::npos);
    CHECK(kept.find("free") != std::string::npos);

    // Gemini's list, where the parts of an event follow each other.
    kept = fit_to_keep(R"([{"parts":[{"text":"a sk-proj-0123"},{"text":"456789abc"}]},
{"parts":[{"text":"defghij b"}]}])",
                       false, {});
    CHECK(kept == R"([{"parts":[{"text":"a [redacted]"},{"text":""}]},
{"parts":[{"text":" b"}]}])");
}

TEST_CASE("a stream without secrets is kept as it came", "[capture]") {
    auto stream = "event:  x\n: beat\n\n" + openai_event(0, "token") + openai_event(0, " by ") +
                  "data: {\"a\" : 1.50, \"unreadable\n\n" + openai_event(0, "token") +
                  "data: [DONE]\n\n";
    CHECK(fit_to_keep(stream, false, {}) == stream);
    std::string_view spaced = R"( {"b" : "x",  "a" : ["sk-", "01234"]} )";
    CHECK(fit_to_keep(spaced, false, {}) == spaced);
    CHECK(fit_to_keep("[1, 2", false, {}) == "[1, 2");
}

TEST_CASE("letters that JSON writes otherwise hide no secret", "[capture]") {
    auto kept = fit_to_keep(R"({"a":"key \u0073k-proj-0123456789\u0061bcdef"})", false, {});
    CHECK(kept == R"({"a":"key [redacted]"})");
}

TEST_CASE("tokens beside a text with a secret are not kept", "[capture]") {
    std::string with = R"({"content":")" + secret + R"(","logprobs":{"content":[{"token":"sk"}]}})";
    CHECK(fit_to_keep(with, false, {}) == R"({"content":"[redacted]","logprobs":"[redacted]"})");
    std::string without = R"({"content":"sk","logprobs":{"content":[{"bytes":[115]}]}})";
    CHECK(fit_to_keep(without, false, {}) == without);
}

TEST_CASE("where a stream was cut no beginning of a secret is left", "[capture]") {
    auto last = openai_event(0, secret.substr(14) + " end");
    for (std::size_t end = 0; end <= last.size(); ++end) {
        INFO(end);
        auto stream = openai_event(0, "my key is " + secret.substr(0, 3)) +
                      openai_event(0, secret.substr(3, 4)) + openai_event(0, secret.substr(7, 7)) +
                      last.substr(0, end);
        auto kept = fit_to_keep(stream, true, {});
        CHECK(kept.find("sk-") == std::string::npos);
        CHECK(kept.find("proj") == std::string::npos);
        CHECK(kept.find("6789") == std::string::npos);
        CHECK(kept.find("my key is ") != std::string::npos);
        CHECK(kept.find("chatcmpl-7") != std::string::npos);
    }
}

TEST_CASE("however a text is cut into events, its secrets are found", "[capture]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 300; ++round) {
        std::string texts[2];
        std::string wanted[2];
        for (int i = 0; i < 2; ++i)
            for (auto count = random() % 6; count > 0; --count) {
                bool hidden = random() % 3 == 0;
                texts[i] += (hidden ? secret : "wörd\"") + " ";
                wanted[i] += hidden ? "[redacted] " : "wörd\" ";
            }
        std::string stream;
        std::string left[2] = {texts[0], texts[1]};
        while (!left[0].empty() || !left[1].empty()) {
            auto i = static_cast<int>(random() % 2);
            auto size = std::min(left[i].size(), static_cast<std::size_t>(random() % 9));
            while (size < left[i].size() && (left[i][size] & 0xC0) == 0x80)
                ++size;
            stream += openai_event(i, left[i].substr(0, size));
            left[i].erase(0, size);
        }
        auto kept = fit_to_keep(stream, false, {});
        CHECK(said(kept, 0) == wanted[0]);
        CHECK(said(kept, 1) == wanted[1]);
    }
}
