#include "core/tokenizer/models.hpp"

#include "core/tokenizer/estimate.hpp"
#include "core/tokenizer/tokenizers.hpp"

#include <catch2/catch.hpp>

using namespace obliv::tokenizer;

namespace {

Tokenizers open_all() {
    auto all = Tokenizers::open(OBLIV_VOCABULARIES);
    REQUIRE(all);
    return std::move(*all);
}

}  // namespace

TEST_CASE("a model is counted by the encoding that its provider documents", "[tokenizer]") {
    CHECK(rule_of("gpt-4o-mini").encoding == "o200k_base");
    CHECK(rule_of("gpt-4.1-nano").encoding == "o200k_base");
    CHECK(rule_of("openai/gpt-5").encoding == "o200k_base");
    CHECK(rule_of("ft:gpt-4o:acme::1").encoding == "o200k_base");
    CHECK(rule_of("gpt-4-turbo").encoding == "cl100k_base");
    CHECK(rule_of("gpt-35-turbo").encoding == "cl100k_base");
    CHECK(rule_of("text-embedding-3-small").encoding == "cl100k_base");
    CHECK(rule_of("text-davinci-003").encoding == "p50k_base");
    CHECK(rule_of("davinci").encoding == "r50k_base");
    CHECK(rule_of("davinci-002").encoding == "cl100k_base");
    CHECK(rule_of("gpt-oss-120b").encoding == "o200k_harmony");
    CHECK(rule_of("claude-sonnet-4").encoding.empty());
    CHECK(rule_of("anthropic/claude-sonnet-4").percent == rule_of("claude").percent);
    CHECK(rule_of("some-model").encoding.empty());
}

TEST_CASE("every rule names an encoding that there is, or none", "[tokenizer]") {
    auto all = open_all();
    for (const auto& rule : model_rules())
        CHECK((rule.encoding.empty() || all.named(rule.encoding) != nullptr));
}

TEST_CASE("a count says whether it is exact", "[tokenizer]") {
    auto all = open_all();
    auto known = all.count("gpt-4o", "hello world");
    CHECK(known.tokens == 2);
    CHECK(known.exact);
    auto unknown = all.count("claude-sonnet-4", "hello world");
    CHECK(unknown.tokens >= 2);
    CHECK_FALSE(unknown.exact);
    CHECK_FALSE(Tokenizers().count("gpt-4o", "hello world").exact);
    CHECK_FALSE(Tokenizers::open("/nonexistent"));
}

TEST_CASE("an encoding can be assigned to models, the longest pattern first", "[tokenizer]") {
    auto all = open_all();
    REQUIRE(all.assign("my-*", "r50k_base"));
    REQUIRE(all.assign("my-new*", "cl100k_base"));
    REQUIRE(all.assign("gpt-4o", "p50k_base"));
    CHECK(all.of_model("my-model")->name() == "r50k_base");
    CHECK(all.of_model("my-new-model")->name() == "cl100k_base");
    CHECK(all.of_model("gpt-4o")->name() == "p50k_base");
    CHECK(all.of_model("gpt-4o-mini")->name() == "o200k_base");
    CHECK(all.of_model("other") == nullptr);
    CHECK(all.count("my-model", "hello").exact);
    CHECK_FALSE(all.assign("x", "/nonexistent"));
}

TEST_CASE("an estimate is near the count, in each script and in code", "[tokenizer]") {
    auto all = open_all();
    const auto& o200k = *all.named("o200k_base");
    auto near = [&](std::string_view text) {
        auto counted = static_cast<double>(o200k.count(text));
        CAPTURE(text.substr(0, 40));
        CHECK(static_cast<double>(estimate(text)) / counted == Approx(1.0).margin(0.25));
    };
    near("The quick brown fox jumps over the lazy dog, and then it goes home to have its dinner "
         "with the other animals of the forest, who have been waiting since the early morning.");
    near("for (std::size_t i = 0; i < values.size(); ++i) {\n    if (values[i] > limit)\n        "
         "return fail(Code::invalid_request, \"too large\");\n    sum += values[i];\n}\n");
    near("{\"id\":\"chatcmpl-123\",\"object\":\"chat.completion\",\"created\":1700000003,"
         "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"}}]}");
    near(
        "人工智能是计算机科学的一个分支，它企图了解智能的实质，并生产出一种新的能以人类智能相似的方"
        "式做出反应的智能机器。该领域的研究包括机器人、语言识别、图像识别和自然语言处理。");
    near("Искусственный интеллект — это свойство искусственных систем выполнять творческие "
         "функции, которые традиционно считаются прерогативой человека.");
    near(
        "これは日本語の文章です。トークンの数を見積もるために使われます。いくつかの文があります。");
    near("Die künstliche Intelligenz ist ein Teilgebiet der Informatik, das sich mit der "
         "Automatisierung intelligenten Verhaltens und dem maschinellen Lernen befasst.");
    near("3.14159265358979323846 2.71828182845904523536 1.41421356237309504880 1234567890");
}

TEST_CASE("an estimate grows by its percentage and never is nothing for something", "[tokenizer]") {
    CHECK(estimate("") == 0);
    CHECK(estimate("a") == 1);
    CHECK(estimate("\xFF\xFE") >= 1);
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += "some words ";
    CHECK(static_cast<double>(estimate(text, 120)) ==
          Approx(1.2 * static_cast<double>(estimate(text))).epsilon(0.01));
}
