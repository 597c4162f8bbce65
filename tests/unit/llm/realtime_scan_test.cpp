#include "core/llm/realtime_scan.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace obliv;
using namespace obliv::llm;

namespace {

const std::string done =
    R"({"type":"response.done","event_id":"e","response":{"object":"realtime.response",)"
    R"("output":[{"type":"message","content":[{"type":"audio","transcript":"\"type\":\"x\""}]}],)"
    R"("usage":{"total_tokens":30,"input_tokens":20,"output_tokens":10,)"
    R"("input_token_details":{"text_tokens":8,"audio_tokens":12,"cached_tokens":6,)"
    R"("cached_tokens_details":{"text_tokens":2,"audio_tokens":4}},)"
    R"("output_token_details":{"text_tokens":3,"audio_tokens":7}}}})";

}  // namespace

TEST_CASE("the end of a response tells what it used, however its message is cut", "[llm]") {
    for (std::size_t step = 1; step < done.size(); step += 13) {
        RealtimeScan scan;
        scan.feed(R"({"type":"response.created","response":{}})", true);
        CHECK(scan.responding());
        for (std::size_t at = 0; at < done.size(); at += step)
            scan.feed(std::string_view(done).substr(at, step), at + step >= done.size());
        CHECK_FALSE(scan.responding());
        auto ended = scan.take();
        REQUIRE(ended.count == 1);
        CHECK_FALSE(ended.estimated);
        CHECK(ended.usage.input == 6);
        CHECK(ended.usage.audio_in == 8);
        CHECK(ended.usage.cache_read == 6);
        CHECK(ended.usage.output == 3);
        CHECK(ended.usage.audio_out == 7);
        CHECK(scan.take().count == 0);
    }
}

TEST_CASE("a type that does not come first is found", "[llm]") {
    RealtimeScan scan;
    scan.feed(R"({"response":{"output":[{"type":"message"}],"usage":{"input_tokens":1,)"
              R"("output_tokens":2}},"type":"response.done"})",
              true);
    CHECK(scan.take().usage.output == 2);
}

TEST_CASE("what a response has said is measured until it ends", "[llm]") {
    RealtimeScan scan;
    scan.feed(R"({"type":"response.created"})", true);
    scan.feed(R"({"type":"response.output_audio.delta","delta":")" + std::string(64'000, 'A') +
                  "\"}",
              true);
    scan.feed(R"({"type":"response.output_audio_transcript.delta","delta":"hello"})", true);
    CHECK(scan.said().audio_out == 20);
    CHECK(scan.said().output == 0);
    scan.feed(R"({"type":"response.output_text.delta","delta":"12345678"})", true);
    CHECK(scan.said().output == 2);
    scan.feed(R"({"type":"response.done","response":{"usage":null}})", true);
    auto ended = scan.take();
    CHECK(ended.estimated);
    CHECK(ended.usage.audio_out == 20);
    CHECK(scan.said().audio_out == 0);
}

TEST_CASE("other events bill nothing", "[llm]") {
    RealtimeScan scan;
    scan.feed(R"({"type":"session.created","session":{"usage":{"input_tokens":1}}})", true);
    scan.feed("not json", true);
    scan.feed("", true);
    CHECK(scan.take().count == 0);
    CHECK_FALSE(scan.responding());
}
