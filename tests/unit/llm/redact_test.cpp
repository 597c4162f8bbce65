#include "core/llm/redact.hpp"

#include "core/base/random.hpp"
#include "core/base/text.hpp"

#include <catch2/catch.hpp>

using obliv::llm::redact;

TEST_CASE("keys of providers do not pass", "[llm]") {
    CHECK(redact("Incorrect API key provided: sk-proj-abcd1234efgh. Check it.") ==
          "Incorrect API key provided: [redacted]. Check it.");
    CHECK(redact("key sk-****************wxyz is wrong") == "key [redacted] is wrong");
    CHECK(redact("AIzaSyA1234567890abcdefghijklmnopqrstu") == "[redacted]");
    CHECK(redact("org-1a2b3c4d5e has no quota") == "[redacted] has no quota");
    CHECK(redact("an org-wide limit") == "an org-wide limit");
    CHECK(redact("错误sk-abcd1234efgh错误") == "错误[redacted]错误");
    CHECK(redact("id 0123456789abcdef0123456789abcdef") == "id [redacted]");
    CHECK(redact("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-def_ghi") ==
          "jwt [redacted]");
}

TEST_CASE("values of secret names do not pass", "[llm]") {
    CHECK(redact("Authorization: Bearer abc.def") == "Authorization: Bearer [redacted]");
    CHECK(redact("bearer tokenvalue") == "bearer [redacted]");
    CHECK(redact(R"({"api_key":"hunter"})") == R"({"api_key":"[redacted]"})");
    CHECK(redact(R"({\"password\": \"hunter\"})") == R"({\"password\": \"[redacted]\"})");
    CHECK(redact("x-api-key: abc") == "x-api-key: [redacted]");
    CHECK(redact("api_key=hunter&x=1") == "api_key=[redacted]&x=1");
    CHECK(redact("token=a=b") == "token=[redacted]");
}

TEST_CASE("internal URLs and credentials in URLs do not pass", "[llm]") {
    CHECK(redact("at http://10.1.2.3:8000/v1.") == "at [redacted].");
    CHECK(redact("at http://gateway.internal/x") == "at [redacted]");
    CHECK(redact("at http://gateway/x") == "at [redacted]");
    CHECK(redact("https://user:pw@example.com/") == "[redacted]");
    CHECK(redact("https://example.com/v1?key=abc") == "[redacted]");
    CHECK(redact("postgres://db.example.com:5432/x") == "[redacted]");
    CHECK(redact("(url=http://localhost:1/)") == "(url=[redacted])");
    CHECK(redact("https://hooks.example.com/T000/0123456789abcdef0123456789") == "[redacted]");
}

TEST_CASE("ordinary text passes as it is", "[llm]") {
    for (std::string text :
         {"This model's maximum context length is 8192 tokens. However, your messages resulted in "
          "9001 tokens.",
          "The model `claude-3-5-sonnet-20241022` does not exist",
          "You exceeded your current quota. See https://platform.openai.com/docs/guides/errors.",
          "model meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo not found", "token limit reached",
          "request id 550e8400-e29b-41d4-a716-446655440000", "余额不足", "a = b", ""})
        CHECK(redact(text) == text);
}

TEST_CASE("what could drive a terminal becomes visible and long text is cut", "[llm]") {
    CHECK(redact("a\x1b[31mb") == "a␛[31mb");
    CHECK(redact(std::string(2000, 'a') + " ", 10) == "aaaaaaaaaa…");
    CHECK(redact("ääää", 3) == "ä…");
}

TEST_CASE("all of a text that may be long is looked at", "[llm]") {
    std::string text;
    while (text.size() < 100'000)
        text += "some words ";
    CHECK(redact(text + "sk-proj-abcd1234efgh", 200'000) == text + "[redacted]");
}

TEST_CASE("where secrets are is told in order", "[llm]") {
    std::string_view text = "sk-abcd1234efgh, Bearer x and http://gateway/x.";
    std::string found;
    for (auto secret : obliv::llm::secrets_in(text))
        found.append(text.substr(secret.at, secret.length)).append("|");
    CHECK(found == "sk-abcd1234efgh|x|http://gateway/x|");
}

/// Each of these once took a step for every byte that makes up the rest, or the part before.
TEST_CASE("a long text of nothing but separators is read once", "[llm]") {
    auto repeated = [](std::string_view piece, std::size_t bytes) {
        std::string out;
        while (out.size() < bytes)
            out += piece;
        return out;
    };
    for (std::size_t bytes : {64U * 1024U, 1024U * 1024U}) {
        for (auto piece : {"=", "a=", "= ", ":\"", ".", "a=.", "bearer=", "sk- ", "a://! "}) {
            INFO(piece);
            auto text = repeated(piece, bytes);
            CHECK(obliv::llm::secrets_in(text).empty() == (piece != std::string("bearer=")));
            CHECK(redact(text + " sk-abcd1234efgh", 2 * bytes).ends_with("[redacted]"));
        }
        CHECK(redact(repeated("sk-", bytes)) == "[redacted]");
        CHECK(
            redact(repeated("a=", bytes) + "sk-abcd1234efgh", 2 * bytes).ends_with("=[redacted]"));
        CHECK(redact("token" + repeated(" ", bytes) + "= hunter", 2 * bytes).ends_with("hunter") ==
              false);
    }
}

TEST_CASE("a name and its value are told apart wherever the = stand", "[llm]") {
    CHECK(redact("a==b=token=hunter") == "a==b=token=[redacted]");
    CHECK(redact("token=....") == "token=[redacted]...");
    CHECK(redact("a=b=sk-abcd1234efgh.") == "a=b=[redacted].");
    CHECK(redact("a=b=01234abcd5678efgh9") == "[redacted]");
    CHECK(redact("x=y=http://gateway/z") == "x=y=[redacted]");
}

TEST_CASE("any bytes give valid UTF-8 that holds no issued key", "[llm]") {
    auto seed = GENERATE(1, 2, 3, 4, 5);
    INFO("seed " << seed);
    obliv::Random random(static_cast<std::uint64_t>(seed));
    for (int round = 0; round < 200; ++round) {
        std::string text;
        auto key = std::string(obliv::new_api_key().reveal());
        for (int i = 0; i < 40; ++i)
            text += static_cast<char>(random.below(256));
        text += ' ' + key + ' ';
        for (int i = 0; i < 40; ++i)
            text += static_cast<char>(random.below(256));
        auto out = redact(text);
        CHECK_FALSE(obliv::first_invalid_utf8(out));
        CHECK(out.find(key.substr(3)) == std::string::npos);
    }
}
