#include "core/metering/image_size.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace obliv::metering;
using namespace std::string_literals;

namespace {

const auto png = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0\x08\x02"s;
const auto gif = "GIF89a\x40\x01\xF0\0"s;
const auto jpeg = "\xFF\xD8\xFF\xE0\0\x04zz\xFF\xFF\xC0\0\x11\x08\x02\x58\x03\x20\x03\x01\x22\0"s;

void check(const std::string& bytes, std::int64_t width, std::int64_t height) {
    auto size = image_size(bytes);
    REQUIRE(size);
    CHECK(size->width == width);
    CHECK(size->height == height);
}

}  // namespace

TEST_CASE("the head of each kind of image tells its size", "[metering]") {
    check(png, 1024, 768);
    check(gif, 320, 240);
    check(jpeg, 800, 600);
    check("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\xFF\x03\0\xFF\x01\0"s, 1024, 512);
    check("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9D\x01\x2A\x20\x03\x58\x02"s, 800, 600);
    check("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2F\xFF\xC0\x3F\0"s, 256, 256);
}

TEST_CASE("what is no image, or is cut, has no size", "[metering]") {
    CHECK_FALSE(image_size(""));
    CHECK_FALSE(image_size("hello"));
    CHECK_FALSE(image_size("\xFF\xD8\xFF\xE0\0\0\xFF\xE0\0\0"s));
    CHECK_FALSE(image_size("\xFF\xD8\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s));
    for (const auto& whole : {png, gif, jpeg})
        for (std::size_t bytes = 0; bytes < 8; ++bytes)
            CHECK_FALSE(image_size(whole.substr(0, bytes)));
}

TEST_CASE("a WAV file says how long it plays", "[metering]") {
    auto head = "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3E\0\0\0\x7D\0\0"s;
    CHECK(wav_milliseconds(head, 44 + 32'000 * 3) == 3000);
    CHECK_FALSE(wav_milliseconds("ID3", 1000));
    CHECK_FALSE(wav_milliseconds(head.substr(0, 24), 1000));
    CHECK_FALSE(wav_milliseconds(head, 10));
}
