#include "core/llm/image_variant.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace obliv::llm;

TEST_CASE("what a reply tells of an image goes before what was asked for", "[llm]") {
    CHECK(variant_made("/", {}, "gpt-image-1") == "/");
    CHECK(variant_made("/", {"1536x1024", "high"}, "gpt-image-1") == "=1536x1024/=high");
    CHECK(variant_made("1024x1024/low", {"", "medium"}, "gpt-image-1") == "1024x1024/=medium");
    CHECK(variant_made("1024x1024/low", {}, "gpt-image-1") == "1024x1024/low");
    CHECK(variant_made("", {}, "gpt-image-1") == "/");
}

TEST_CASE("a caller cannot say that a word is exact", "[llm]") {
    CHECK(variant_of("=", "=high") == "/");
    CHECK(variant_of("auto", "hd") == "/hd");
}

TEST_CASE("what a model makes of itself is known where its provider says so", "[llm]") {
    CHECK(variant_made("/", {}, "dall-e-3") == "=1024x1024/=standard");
    CHECK(variant_made("1024x1024/standard", {}, "openai/dall-e-3") == "=1024x1024/=standard");
    CHECK(variant_made("1024x1792/", {}, "dall-e-3") == "1024x1792/=standard");
    CHECK(variant_made("/hd", {}, "dall-e-3") == "=1024x1024/hd");
    const std::vector<std::string> same{"dall-e-3", "dall-e-2"};
    const std::vector<std::string> other{"dall-e-3", "gpt-image-1"};
    CHECK(variant_foreseen("/hd", same) == "=1024x1024/hd");
    CHECK(variant_foreseen("/hd", other) == "/hd");
    CHECK(variant_foreseen("/hd", {}) == "/hd");
}

TEST_CASE("only words of OpenAI's tell what an image is", "[llm]") {
    for (auto word : {"1024x1024", "1x1"})
        CHECK(tells_size(word));
    for (auto word : {"", "x", "1024", "1024x", "x1024", "1024*1024", "1000000x1", "2K"})
        CHECK_FALSE(tells_size(word));
    for (auto word : {"low", "medium", "high", "standard", "hd"})
        CHECK(tells_quality(word));
    for (auto word : {"", "HD", "auto", "95"})
        CHECK_FALSE(tells_quality(word));
}
