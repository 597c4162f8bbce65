#include "daemon/relay/continuation.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using relay::Continuation;

namespace {

llm::ReplyEvent text(std::string words, std::int32_t block = 0, std::int32_t choice = 0) {
    return {llm::TextPiece{std::move(words)}, choice, block};
}

bool take(Continuation& continuation, llm::ReplyEvent event) {
    return continuation.take(event);
}

/// One that has come to "Hello ".
Continuation broken_off() {
    Continuation continuation;
    take(continuation, {llm::Begun{"id", "m"}});
    take(continuation, text("Hel"));
    take(continuation, text("lo "));
    return continuation;
}

}  // namespace

TEST_CASE("text without an end can be gone on with", "[relay]") {
    Continuation continuation;
    CHECK_FALSE(continuation.possible());
    CHECK(take(continuation, {llm::Begun{"id", "m"}}));
    CHECK(take(continuation, text(" \n")));
    CHECK_FALSE(continuation.possible());  // nothing that a provider would take
    CHECK(take(continuation, text("Hello ")));
    CHECK(take(continuation, {llm::Alive{}}));
    CHECK(take(continuation, {llm::UsageReport{}}));
    CHECK(continuation.possible());
    CHECK_FALSE(continuation.over());
    CHECK(continuation.prefix() == " \nHello");
    // The relay ends the stream itself if nobody goes on.
    CHECK_FALSE(take(continuation, {llm::Failed{fail(Code::upstream_failed, "gone")}}));
    CHECK(continuation.possible());
}

TEST_CASE("what is more than one text, or has an end, is not gone on with", "[relay]") {
    auto spoilt = [](llm::ReplyEvent event) {
        auto continuation = broken_off();
        take(continuation, std::move(event));
        CHECK(continuation.over() == !continuation.possible());
        return !continuation.possible();
    };
    CHECK(spoilt({llm::Finished{}}));
    CHECK(spoilt({llm::ThinkingPiece{"hm"}, 0, 1}));
    CHECK(spoilt({llm::ToolCallBegun{"id", "weather"}, 0, 1}));
    CHECK(spoilt({llm::RefusalPiece{"no"}, 0, 1}));
    CHECK(spoilt({llm::MediaPiece{}, 0, 1}));
    CHECK(spoilt({llm::CitationPiece{}}));
    CHECK(spoilt({llm::Opaque{}, 0, 1}));
    CHECK(spoilt(text("another block", 1)));
    CHECK(spoilt(text("another choice", 0, 1)));
    CHECK(spoilt(text(std::string(1U << 20, 'x'))));
    CHECK_FALSE(spoilt(text("more")));
}

TEST_CASE("the second reply fits behind the first", "[relay]") {
    auto continuation = broken_off();
    llm::Usage spent;
    spent.input = 20;
    spent.output = 3;
    continuation.go_on(spent);
    CHECK_FALSE(continuation.possible());  // once is enough
    CHECK(continuation.over());
    CHECK_FALSE(take(continuation, {llm::Begun{"other", "n"}}));
    CHECK_FALSE(take(continuation, text(" \n", 4)));
    auto first = text("\n world", 4);
    CHECK(continuation.take(first));
    CHECK(std::get<llm::TextPiece>(first.what).text == "world");
    CHECK(first.block == 0);
    auto next = text(" !", 4);
    CHECK(continuation.take(next));
    CHECK(std::get<llm::TextPiece>(next.what).text == " !");
    llm::ReplyEvent call{llm::ToolCallBegun{"id", "weather"}, 0, 5};
    CHECK(continuation.take(call));
    CHECK(call.block == 1);

    llm::UsageReport told;
    told.usage.input = 90;
    told.usage.output = 7;
    told.usage.reasoning = 2;
    told.raw = "{}";
    llm::ReplyEvent report{told};
    CHECK(continuation.take(report));
    const auto& usage = std::get<llm::UsageReport>(report.what);
    CHECK((usage.usage.input == 20 && usage.usage.output == 10 && usage.usage.reasoning == 2));
    CHECK(usage.raw.empty());
    // A server that tells zeros has told nothing: what it writes is counted.
    llm::ReplyEvent zeros{llm::UsageReport{}};
    CHECK(continuation.take(zeros));
    CHECK(std::holds_alternative<llm::Alive>(zeros.what));
    // Each report tells of the whole second reply.
    llm::ReplyEvent again{told};
    CHECK(continuation.take(again));
    CHECK(std::get<llm::UsageReport>(again.what).usage.output == 10);
    CHECK(take(continuation, {llm::Finished{}}));
}

TEST_CASE("a block that has ended, or another kind of block, is not gone on with", "[relay]") {
    auto ended = broken_off();
    take(ended, {llm::BlockEnded{}});
    CHECK(ended.possible());
    ended.go_on({});
    auto piece = text("more");
    CHECK(ended.take(piece));
    CHECK(piece.block == 1);

    auto open = broken_off();
    open.go_on({});
    llm::ReplyEvent thought{llm::ThinkingPiece{"hm"}, 0, 0};
    CHECK(open.take(thought));
    CHECK(thought.block == 1);
    auto after = text("more", 1);
    CHECK(open.take(after));
    CHECK(after.block == 2);
}
