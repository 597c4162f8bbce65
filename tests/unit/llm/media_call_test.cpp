#include "core/llm/media_body.hpp"
#include "core/llm/openai_usage.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace obliv;
using namespace obliv::llm;

namespace {

Result<ChatCall> parse(MediaKind kind, std::string body, std::string_view model = "") {
    auto size = body.size();
    body.append(json_padding, ' ');
    return parse_media_body(kind, std::string_view(body).substr(0, size), model);
}

std::string bytes_of(std::uint32_t value) {
    return std::string(reinterpret_cast<const char*>(&value), 4);
}

std::string wave(std::uint32_t rate, std::size_t bytes) {
    return "RIFF" + bytes_of(0) + "WAVEfmt " + bytes_of(16) + std::string(8, '\0') +
           bytes_of(rate) + std::string(4, '\0') + "LIST" + bytes_of(3) + "abc" + '\0' + "data" +
           bytes_of(0xFFFFFFFF) + std::string(bytes, '\0');
}

}  // namespace

TEST_CASE("a call for images says how many, and may stream", "[llm]") {
    auto call = parse(MediaKind::images, R"({"prompt":"a","n":3,"stream":true})", "dall-e-2");
    REQUIRE(call);
    CHECK(call->model == "dall-e-2");
    CHECK(call->stream);
    REQUIRE(call->media);
    CHECK(call->media->estimate.images == 3);
    CHECK(call->media->at_most.images == 3);
    CHECK(upstream_edits(*call, "dall-e-2").empty());
    auto edits = upstream_edits(*call, "other");
    REQUIRE(edits.size() == 1);
    CHECK(edits[0].text == "\"model\":\"other\",");
}

TEST_CASE("what decides the price of a picture is told once, at the top", "[llm]") {
    auto variant = [](const std::string& fields) {
        auto call = parse(MediaKind::images, R"({"model":"dall-e-3","prompt":"a")" + fields + "}");
        return call ? call->media->variant : "refused: " + call.error().message;
    };
    CHECK(variant("") == "/");
    CHECK(variant(R"(,"size":"auto","quality":"auto")") == "/");
    CHECK(variant(R"(,"size":"1024x1792","quality":"hd")") == "1024x1792/hd");
    CHECK(variant(R"(,"x":{"size":"256x256"},"si\u007ae":"1024x1792")") == "1024x1792/");
    CHECK(variant(R"(,"quality":"hd","size":null)") == "/hd");
    auto longer = R"(,"size":"1024x1792","quality":")" + std::string(33, 'x') + '"';
    CHECK(variant(longer).starts_with("1024x1792/x"));
    for (const char* bad :
         {R"(,"size":"a","size":"b")", R"(,"Size":"a")", R"(,"quality":1,"quality":"hd")"})
        CHECK(variant(bad).starts_with("refused"));
}

TEST_CASE("speech is counted by the characters that are read", "[llm]") {
    auto call =
        parse(MediaKind::speech,
              R"({"voice":{"input":7},"model":"tts-1","input":"Gr\u00fc\u00dfe \ud83d\ude00"})");
    REQUIRE(call);
    CHECK(call->media->estimate.characters == 7);
    CHECK(call->media->at_most.output >= call->media->estimate.audio_out);
    CHECK(parse(MediaKind::speech, R"({"model":"tts-1","input":""})").error().param == "input");
    CHECK(parse(MediaKind::speech, R"({"model":"tts-1"})").error().param == "input");
    CHECK_FALSE(parse(MediaKind::transcript, R"({"model":"whisper-1"})"));
}

TEST_CASE("the length of a WAV file is exact, of any other it is bounded", "[llm]") {
    auto sound = length_of_sound(wave(8000, 20'001));
    CHECK(sound.exact);
    CHECK(sound.seconds == 3);
    CHECK(sound.seconds_max == 3);
    sound = length_of_sound(std::string(48'001, 'x'));
    CHECK_FALSE(sound.exact);
    CHECK(sound.seconds == 4);
    CHECK(sound.seconds_max == 49);
    CHECK_FALSE(length_of_sound(wave(0, 10)).exact);
    CHECK_FALSE(length_of_sound(wave(8000, 10).substr(0, 30)).exact);
}

TEST_CASE("usage of pictures and sound is normalised", "[llm]") {
    auto heard = parse_media_usage(R"({"type":"tokens","input_tokens":14,"output_tokens":45,
        "input_token_details":{"text_tokens":4,"audio_tokens":10}})");
    REQUIRE(heard);
    CHECK(heard->input == 4);
    CHECK(heard->audio_in == 10);
    CHECK(heard->output == 45);
    auto talk = parse_media_usage(R"({"total_tokens":253,"input_tokens":132,"output_tokens":121,
        "input_token_details":{"text_tokens":119,"audio_tokens":13,"cached_tokens":64,
        "cached_tokens_details":{"text_tokens":60,"audio_tokens":4}},
        "output_token_details":{"text_tokens":30,"audio_tokens":91}})");
    REQUIRE(talk);
    CHECK(talk->cache_read == 64);
    CHECK(talk->audio_in == 9);
    CHECK(talk->input == 59);
    CHECK(talk->output == 30);
    CHECK(talk->audio_out == 91);
    CHECK(talk->input_all() == 132);
    CHECK(talk->output_all() == 121);
    CHECK(parse_media_usage(R"({"type":"duration","seconds":2.1})")->seconds == 3);
    CHECK(parse_media_usage(R"({"prompt_tokens":8,"completion_tokens":2})")->input == 8);
    CHECK_FALSE(parse_media_usage(R"({"input_tokens":-1})"));
    CHECK_FALSE(parse_media_usage(R"({"seconds":"x"})"));
    CHECK_FALSE(parse_media_usage("{"));
}
