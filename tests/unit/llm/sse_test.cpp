#include "core/llm/sse.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;

namespace {

using Events = std::vector<std::string>;

std::string shown(const SseEvent& event) {
    return std::string(event.event) + "|" + std::string(event.data) + "|" + std::string(event.id);
}

Events decode(std::string_view stream, const std::vector<std::size_t>& cuts = {}) {
    Events events;
    auto sink = [&](const SseEvent& event) { events.push_back(shown(event)); };
    SseDecoder decoder(1 << 20);
    std::size_t at = 0;
    for (auto cut : cuts) {
        REQUIRE(decoder.feed(stream.substr(at, cut - at), sink));
        at = cut;
    }
    REQUIRE(decoder.feed(stream.substr(at), sink));
    decoder.finish(sink);
    return events;
}

constexpr std::string_view sample =
    "\xEF\xBB\xBF: hello\r\ndata: one\r\n\r\nevent: x\ndata:two\ndata: 2\nid: 7\n\n"
    "data\r\rretry: 5\nunknown: y\n\n:ping\n\ndata: \xF0\x9F\x98\x80\r\n\r\ndata: last";

}  // namespace

TEST_CASE("events are taken apart as the standard says", "[llm]") {
    CHECK(decode(sample) == Events{"|one|", "x|two\n2|7", "||7", "|\xF0\x9F\x98\x80|7", "|last|7"});
    CHECK(decode("").empty());
    CHECK(decode("\n\n\n").empty());
    CHECK(decode("event: lonely\n\n").empty());
    CHECK(decode("data:  two spaces\n\n") == Events{"| two spaces|"});
}

TEST_CASE("a stream cut anywhere gives the same events", "[llm]") {
    auto whole = decode(sample);
    for (std::size_t cut = 0; cut <= sample.size(); ++cut)
        CHECK(decode(sample, {cut}) == whole);
    std::vector<std::size_t> every;
    for (std::size_t cut = 1; cut < sample.size(); ++cut)
        every.push_back(cut);
    CHECK(decode(sample, every) == whole);
}

TEST_CASE("an event over the limit is an error, however it comes", "[llm]") {
    auto sink = [](const SseEvent&) {};
    SseDecoder one(64);
    CHECK(!one.feed("data: " + std::string(100, 'x'), sink));
    SseDecoder many(64);
    bool failed = false;
    for (int i = 0; i < 100 && !failed; ++i)
        failed = !many.feed("data: x\n", sink);
    CHECK(failed);
}

TEST_CASE("the end of the last whole event is found", "[llm]") {
    CHECK(whole_events("data: a\n\ndata: b\n\nda") == 18);
    CHECK(whole_events("data: a\r\n\r\nda") == 11);
    CHECK(whole_events("data: a\r\rda") == 9);
    CHECK(whole_events("data: a\n") == 0);
    CHECK(whole_events("data: a\r\n") == 0);
    CHECK(whole_events("") == 0);
    CHECK(first_event("data: a\n\ndata: b\n\n") == 9);
    CHECK(first_event("data: a\r\n\r\nx") == 11);
    CHECK(first_event("data: a\n") == 0);
    CHECK(first_event("\n\ndata") == 1);
}

TEST_CASE("whole_events finds what first_event steps over", "[llm]") {
    auto seed = GENERATE(range(1, 200));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    constexpr std::string_view alphabet = "a:\n\n\r";
    std::string text;
    for (int i = 0; i < 40; ++i)
        text += alphabet[random.below(alphabet.size())];
    std::size_t stepped = 0;
    for (auto length = first_event(text); length != 0;
         length = first_event(std::string_view(text).substr(stepped)))
        stepped += length;
    auto end = whole_events(text);
    // Both may only differ in where an LF goes that follows the CR of a blank line.
    CHECK(end >= (stepped == 0 ? 0 : stepped - 1));
}
