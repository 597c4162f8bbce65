#include "core/wire/frames.hpp"

#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

struct Seen {
    std::vector<std::string> frames;  ///< event, colon, data
    Result<void> ended = ok();
};

Seen feed(std::string_view body, const test::Cut& cut) {
    Seen seen;
    Frames frames(100, 200);
    auto sink = [&](const Frame& frame) -> Result<void> {
        seen.frames.push_back(std::string(frame.event) + (frame.whole_body ? "!" : ":") +
                              std::string(frame.data));
        if (frame.data == "bad")
            return fail(Code::upstream_failed, "bad");
        return ok();
    };
    while (!body.empty() && seen.ended) {
        auto length = std::min(body.size(), cut());
        seen.ended = frames.feed(body.substr(0, length), sink);
        body.remove_prefix(length);
    }
    if (seen.ended)
        seen.ended = frames.finish(sink);
    return seen;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the first byte tells a stream from a document", "[wire]") {
    for (const auto& cut : {test::whole(), test::byte_by_byte()}) {
        CHECK(feed("event: a\ndata: 1\n\ndata: 2\r\n\r\n", cut).frames == Texts{"a:1", ":2"});
        CHECK(feed(": comment\n\ndata: 1\n\n", cut).frames == Texts{":1"});
        CHECK(feed("\n\n {\"a\":1}\n", cut).frames.size() == 1);
        CHECK(feed("\n{\"a\":1}\n", cut).frames[0].starts_with("!{\"a\":1}"));
        CHECK(feed("[1]", cut).frames == Texts{"![1]"});
        CHECK(feed("data: no blank line", cut).frames == Texts{":no blank line"});
        CHECK(feed("", cut).frames.empty());
    }
}

TEST_CASE("the sink's first error stops the reply", "[wire]") {
    auto seen = feed("data: 1\n\ndata: bad\n\ndata: 2\n\n", test::whole());
    CHECK(seen.frames == Texts{":1", ":bad"});
    CHECK_FALSE(seen.ended);
}

TEST_CASE("an event and a document over their limits are errors", "[wire]") {
    CHECK_FALSE(feed("data: " + std::string(200, 'x') + "\n\n", test::whole()).ended);
    CHECK(feed("{" + std::string(150, ' ') + "}", test::byte_by_byte()).ended);
    CHECK_FALSE(feed("{" + std::string(250, ' ') + "}", test::byte_by_byte()).ended);
}
