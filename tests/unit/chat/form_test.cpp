#include "cli/chat/form.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::cli;

namespace {

constexpr std::string_view begun =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":"
    "\"message\",\"role\":\"assistant\",\"model\":\"c1\",\"content\":[],\"usage\":{\"input_"
    "tokens\":5,\"cache_read_input_tokens\":2,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_"
    "block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
    "\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_"
    "block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{"
    "\"type\":\"text_delta\",\"text\":\"Grüße\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n";
constexpr std::string_view stopped =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_"
    "turn\"},\"usage\":{\"output_tokens\":7}}\n\n";
constexpr std::string_view refused =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
    "\"refusal\"},\"usage\":{\"output_tokens\":7}}\n\n";
constexpr std::string_view ended = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

struct Outcome {
    Reply reply;
    std::string thoughts;
    Result<void> result;
};

Outcome read(const std::string& text, std::size_t piece) {
    client::Response head;
    head.status = 200;
    head.headers = {{"Content-Type", "text/event-stream"}, {"request-id", "r1"}};
    Outcome out;
    ReplyEvents events;
    events.reasoning = [&](std::string_view thought) { out.thoughts += thought; };
    FormReader reader(*wire::find("anthropic"), events, out.reply);
    std::string_view bytes = text;
    while (!bytes.empty() && reader.feed(head, bytes.substr(0, piece)))
        bytes.remove_prefix(std::min(piece, bytes.size()));
    out.result = reader.finish();
    return out;
}

}  // namespace

TEST_CASE("a reply in Anthropic's form is read from any cut", "[chat]") {
    for (std::size_t piece : {1U, 7U, 10'000U}) {
        auto out = read(std::string(begun) + std::string(stopped) + std::string(ended), piece);
        REQUIRE(out.result);
        CHECK(out.reply.text == "Grüße");
        CHECK(out.thoughts == "hm");
        CHECK(out.reply.finish_reason == "stop");
        CHECK(out.reply.model == "c1");
        CHECK(out.reply.request_id == "r1");
        REQUIRE(out.reply.tokens);
        CHECK(out.reply.tokens->input == 5);
        CHECK(out.reply.tokens->cache_read == 2);
        CHECK(out.reply.tokens->output + out.reply.tokens->reasoning == 7);
    }
}

TEST_CASE("a reply whose end never came is a failure that keeps its text", "[chat]") {
    for (const auto& text : {std::string(begun), std::string(begun) + std::string(stopped)}) {
        auto out = read(text, 50);
        REQUIRE_FALSE(out.result);
        CHECK(out.result.error().code == Code::upstream_failed);
        CHECK(out.reply.text == "Grüße");
    }
    CHECK_FALSE(read("", 1).result);
}

TEST_CASE("what a model refuses is refused", "[chat]") {
    auto out = read(std::string(begun) + std::string(refused) + std::string(ended), 50);
    REQUIRE_FALSE(out.result);
    CHECK(out.result.error().code == Code::refused);
}

TEST_CASE("a form that nobody knows is a mistake in usage", "[chat]") {
    Prompt prompt{.model = "m", .api = "telegraph"};
    auto request = form_request({}, prompt);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == Code::usage);
}
