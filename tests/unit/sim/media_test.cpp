#include "cli/sim/media.hpp"

#include "cli/sim/format.hpp"
#include "core/base/encoding.hpp"
#include "core/llm/media_call.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::sim;
using nlohmann::json;

namespace {

constexpr std::string_view form_type = "multipart/form-data; boundary=xx";

std::string part(std::string_view head, std::string_view content) {
    return "--xx\r\nContent-Disposition: form-data; " + std::string(head) + "\r\n\r\n" +
           std::string(content) + "\r\n";
}

Result<Call> call_of(std::string_view path, const std::string& body) {
    auto asked = asked_by(path);
    REQUIRE(asked);
    return read_call(*asked, body, form_type);
}

Call good(std::string_view path, const std::string& body) {
    auto call = call_of(path, body);
    if (!call)
        FAIL(call.error().message);
    return std::move(*call);
}

}  // namespace

TEST_CASE("pictures come as many as were asked for, with exact usage", "[sim]") {
    auto call = good("/v1/images/generations",
                     R"({"model":"i","prompt":"a red fox [[sim:fault=429]]","n":3})");
    CHECK(call.chat.model == "i");
    CHECK(call.wishes.fault->status == 429);
    auto reply = json::parse(call.document);
    REQUIRE(reply["data"].size() == 3);
    auto bytes = from_base64(reply["data"][0]["b64_json"].get<std::string>());
    REQUIRE(bytes);
    CHECK(bytes->starts_with("\x89PNG\r\n"));
    CHECK(reply["usage"]["input_tokens"] == 4);
    CHECK(reply["usage"]["output_tokens"] == 30);
    CHECK(reply["usage"]["total_tokens"] == 34);
    CHECK(good("/v1/images/generations", R"({"prompt":"p"})").chat.model == "dall-e-2");

    auto edited = good("/v1/images/edits",
                       part("name=\"prompt\"", "two words") + part("name=\"n\"", "2") +
                           part("name=\"image\"; filename=\"a.png\"", "x") + "--xx--\r\n");
    reply = json::parse(edited.document);
    CHECK(reply["data"].size() == 2);
    CHECK(reply["usage"]["input_tokens_details"]["image_tokens"] == 10);
    CHECK(reply["usage"]["input_tokens"] == 12);
}

TEST_CASE("speech is silence of a length that the text decides", "[sim]") {
    auto body = [](std::string_view format) {
        return R"({"model":"s","voice":"v","input":"one two three four five six seven eight nine ten eleven","response_format":")" +
               std::string(format) + "\"}";
    };
    auto wave = good("/v1/audio/speech", body("wav"));
    CHECK(wave.document_type == "audio/wav");
    CHECK(llm::length_of_sound(wave.document).seconds == 2);
    CHECK(llm::length_of_sound(wave.document).exact);
    auto raw = good("/v1/audio/speech", body("pcm"));
    CHECK(raw.document_type == "audio/pcm");
    CHECK(raw.document.size() == 2 * 48'000);
    auto packed = good("/v1/audio/speech", body("mp3"));
    CHECK(packed.document_type == "audio/mpeg");
    CHECK(packed.document.size() == 2 * 39 * 417);
    CHECK(packed.document.starts_with("\xFF\xFB"));
    CHECK(packed.document == good("/v1/audio/speech", body("mp3")).document);
}

TEST_CASE("a sound is heard as two words a second, in each form of reply", "[sim]") {
    auto wave =
        good("/v1/audio/speech", R"({"model":"s","input":"a b c","response_format":"wav"})");
    auto ask = [&](std::string_view format) {
        return part("name=\"model\"", "w") + part("name=\"response_format\"", format) +
               part("name=\"file\"; filename=\"a.wav\"", wave.document) + "--xx--\r\n";
    };
    auto reply = json::parse(good("/v1/audio/transcriptions", ask("json")).document);
    CHECK(reply["text"] == "lorem ipsum");
    CHECK(reply["usage"]["seconds"] == 1);
    reply = json::parse(good("/v1/audio/translations", ask("verbose_json")).document);
    CHECK(reply["duration"] == 1.0);
    auto text = good("/v1/audio/transcriptions", ask("text"));
    CHECK(text.document == "lorem ipsum\n");
    CHECK(text.document_type.starts_with("text/plain"));
}

TEST_CASE("bad requests for pictures and sound are refused by the name of the field", "[sim]") {
    struct Row {
        const char* path;
        std::string body;
        const char* param;
    };
    for (const auto& row :
         {Row{"/v1/images/generations", R"({"model":"m"})", "prompt"},
          Row{"/v1/images/generations", R"({"prompt":"p","n":11})", "n"},
          Row{"/v1/images/edits", part("name=\"prompt\"", "p") + "--xx--\r\n", "image"},
          Row{"/v1/audio/speech", R"({"model":"m"})", "input"},
          Row{"/v1/audio/speech", R"({"model":"m","input":"i","response_format":"flac"})",
              "response_format"},
          Row{"/v1/audio/transcriptions", part("name=\"model\"", "m") + "--xx--\r\n", "file"}}) {
        INFO(row.body);
        auto call = call_of(row.path, row.body);
        REQUIRE_FALSE(call);
        CHECK(call.error().param == row.param);
    }
    CHECK_FALSE(read_call(*asked_by("/v1/audio/transcriptions"), "{}", "application/json"));
}
