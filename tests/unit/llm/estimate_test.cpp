#include "core/llm/estimate.hpp"

#include <catch2/catch.hpp>

using namespace obliv::llm;

TEST_CASE("an estimate is four bytes a token, rounded up, and never negative", "[llm]") {
    CHECK(estimate_tokens(0) == 0);
    CHECK(estimate_tokens(1) == 1);
    CHECK(estimate_tokens(4) == 1);
    CHECK(estimate_tokens(5) == 2);
    CHECK(estimate_tokens(-7) == 0);
}

TEST_CASE("the bound is above the estimate, and base64 is not text", "[llm]") {
    std::string text = R"({"messages":[{"content":"hello there"}]})";
    CHECK(input_tokens_bound(text) > estimate_input_tokens(text));
    std::string image = R"({"url":"data:image/png;base64,)" + std::string(1'000'000, 'A') + R"("})";
    CHECK(input_tokens_bound(image) < 3'000);
    CHECK(input_tokens_bound(image) > 2'000);
    CHECK(input_tokens_bound(image + image) > 4'000);
    CHECK(input_tokens_bound("data:;base64,never closed") > 0);
    CHECK(input_tokens_bound(std::string(200'000'000, 'x')) == 10'000'000);
}

TEST_CASE("models that think unseen are known by their names", "[llm]") {
    for (const char* model : {"o3-mini", "openai/o4-mini", "gpt-5.1", "grok-4-fast"})
        CHECK(thinks_unseen(model));
    for (const char* model : {"gpt-4o", "claude-sonnet-4-5", "qwen3", "foo-o3", ""})
        CHECK_FALSE(thinks_unseen(model));
}
