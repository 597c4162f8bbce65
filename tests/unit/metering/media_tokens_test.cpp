#include "core/metering/media_tokens.hpp"

#include "core/base/encoding.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace obliv;
using namespace obliv::metering;
using llm::Media;

// The examples of the providers' own guides.
TEST_CASE("images cost what the providers' guides say", "[metering]") {
    CHECK(image_tokens("gpt-4o", {1024, 1024}, "high") == 765);
    CHECK(image_tokens("gpt-4o", {2048, 4096}, "auto") == 1105);
    CHECK(image_tokens("gpt-4o", {4096, 8192}, "low") == 85);
    CHECK(image_tokens("gpt-4.1-mini", {1024, 1024}, "") == 1659);  // 1024 patches
    CHECK(image_tokens("gpt-4.1-mini", {1800, 2400}, "") == 2353);  // 1452 patches
    CHECK(image_tokens("gpt-4o-mini", {512, 512}, "high") == 2833 + 5667);
    CHECK(image_tokens("claude-sonnet-4", {200, 200}, "") == 54);
    CHECK(image_tokens("claude-sonnet-4", {1000, 1000}, "") == 1334);
    CHECK(image_tokens("claude-sonnet-4", {8000, 8000}, "") == 1600);
    CHECK(image_tokens("gemini-2.5-flash", {384, 384}, "") == 258);
    CHECK(image_tokens("gemini-2.5-flash", {960, 540}, "") == 6 * 258);
}

TEST_CASE("an image is measured by what it carries, one that is elsewhere is taken for large",
          "[metering]") {
    std::string png("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\xC8\0\0\0\xC8\x08\x02", 26);
    Media image;
    image.data = to_base64(png);
    CHECK(media_tokens("claude-sonnet-4", image) == 54);
    image.source = Media::Source::url;
    image.data = "https://example.com/x.png";
    CHECK(media_tokens("claude-sonnet-4", image) == 1600);
    image.source = Media::Source::base64;
    image.data = "not base64!";
    CHECK(media_tokens("gpt-4o", image) == 765);
}

TEST_CASE("sizes that lie cost a bounded number of tokens", "[metering]") {
    for (const auto* model : {"gpt-4o", "gpt-4.1-mini", "claude", "gemini", "x"})
        for (auto side : {INT64_MIN, std::int64_t{0}, std::int64_t{1}, INT64_MAX})
            for (auto other : {std::int64_t{1}, INT64_MAX}) {
                auto tokens = image_tokens(model, {side, other}, "");
                CHECK(tokens > 0);
                CHECK(tokens < 100'000);
            }
}

TEST_CASE("sounds cost by the second", "[metering]") {
    std::string wav("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3E\0\0\0\x7D\0\0", 32);
    wav.resize(44 + 32'000 * 3);
    Media sound;
    sound.kind = Media::Kind::audio;
    sound.data = to_base64(wav);
    CHECK(media_tokens("gpt-4o-audio-preview", sound) == Approx(30).margin(1));
    CHECK(media_tokens("gemini-2.5-flash", sound) == Approx(96).margin(1));
}

TEST_CASE("videos and documents cost more the larger they are", "[metering]") {
    for (auto kind : {Media::Kind::video, Media::Kind::document}) {
        Media small;
        small.kind = kind;
        small.data = "AAAA";
        auto large = small;
        large.data = std::string(4'000'000, 'A');
        CHECK(media_tokens("gemini", small) > 0);
        CHECK(media_tokens("gemini", large) > 5 * media_tokens("gemini", small));
    }
}
