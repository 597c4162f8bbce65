#include "cli/chat/reply_reader.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::cli;

namespace {

client::Response head(std::string type) {
    client::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", std::move(type)}, {"X-Request-Id", "r1"}};
    return response;
}

struct Outcome {
    Reply reply;
    std::string reasoning;
    Result<void> result;
};

Outcome read(std::string_view bytes, std::size_t piece,
             const char* type = "text/event-stream; charset=utf-8") {
    Outcome out;
    ReplyEvents events;
    events.reasoning = [&](std::string_view text) { out.reasoning += text; };
    ReplyReader reader(events, out.reply);
    auto response = head(type);
    while (!bytes.empty() && reader.feed(response, bytes.substr(0, piece)))
        bytes.remove_prefix(std::min(piece, bytes.size()));
    out.result = reader.finish();
    return out;
}

constexpr std::string_view stream =
    ": hello\n\n"
    "data: "
    "{\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}"
    "}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\u00fc\"}},{\"index\":1,\"delta\":{"
    "\"content\":\"no\"}}]}\r\n\r\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\u00dfe\"},\"finish_reason\":\"stop\"}]}"
    "\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,"
    "\"prompt_tokens_details\":{\"cached_tokens\":99}}}\n\n"
    "data: [DONE]\n\n";

}  // namespace

TEST_CASE("a stream means the same however it is cut", "[chat]") {
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.size()}) {
        auto out = read(stream, piece);
        REQUIRE(out.result);
        CHECK(out.reply.text == "Grüße");
        CHECK(out.reasoning == "hm");
        CHECK(out.reply.model == "m");
        CHECK(out.reply.finish_reason == "stop");
        CHECK(out.reply.request_id == "r1");
        REQUIRE(out.reply.tokens);
        // More cached than prompted is nonsense and must not become a negative count.
        CHECK(out.reply.tokens->cache_read == 10);
        CHECK(out.reply.tokens->input == 0);
        CHECK(out.reply.tokens->output == 5);
    }
}

TEST_CASE("an end without a finish reason is a failure that keeps the text", "[chat]") {
    auto out = read("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\n", 9);
    REQUIRE_FALSE(out.result);
    CHECK(out.result.error().code == Code::upstream_failed);
    CHECK(out.reply.text == "half");
}

TEST_CASE("an error inside a stream ends it with that error", "[chat]") {
    auto out = read(
        "data: {\"error\":{\"code\":\"rate_limited\",\"message\":\"slow\"}}\n\ndata: [DONE]\n\n",
        9);
    REQUIRE_FALSE(out.result);
    CHECK(out.result.error().code == Code::rate_limited);
    CHECK(out.result.error().message == "slow");
}

TEST_CASE("nonsense in a stream is an error and never a crash", "[chat]") {
    for (auto data : {"nonsense", "5", "[]", "{\"choices\":5}", "{\"choices\":[5]}",
                      "{\"choices\":[{\"delta\":5}]}", "{\"usage\":{\"prompt_tokens\":-5}}",
                      "{\"choices\":[{\"index\":\"x\",\"delta\":{\"content\":5}}]}"}) {
        INFO(data);
        CHECK_FALSE(read("data: " + std::string(data) + "\n\n", 1000).result);
    }
}

TEST_CASE("a content filter is a refusal", "[chat]") {
    auto out = read(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n",
        9);
    CHECK(out.result.error().code == Code::refused);
}

TEST_CASE("one document instead of a stream is read too", "[chat]") {
    auto out =
        read(R"({"choices":[{"index":0,"message":{"content":"whole"},"finish_reason":"stop"}]})", 5,
             "application/json");
    REQUIRE(out.result);
    CHECK(out.reply.text == "whole");
}
