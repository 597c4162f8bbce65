#include "core/wire/collect.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/reply_error.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::wire;

TEST_CASE("events make a whole reply", "[wire]") {
    WholeReply reply;
    auto add = [&](auto what, int block = 0, int choice = 0) {
        add_event(reply, llm::ReplyEvent{std::move(what), choice, block});
    };
    add(llm::Begun{"id", "m", 5});
    add(llm::ThinkingPiece{"hm"}, 0);
    add(llm::ThinkingPiece{"m"}, 0);
    add(llm::ProofPiece{{"anthropic", "sig"}}, 0);
    add(llm::TextPiece{"He"}, 1);
    add(llm::TextPiece{"llo"}, 1);
    add(llm::ToolCallBegun{"c1", "f"}, 2);
    add(llm::ArgumentsPiece{"{\"a\""}, 2);
    add(llm::ArgumentsPiece{":1}"}, 2);
    add(llm::TextPiece{"other"}, 0, 1);
    add(llm::LogProbs{"[1]"});
    add(llm::LogProbs{"[2,3]"});
    add(llm::Finished{llm::Finish::tool_calls, "tool_calls"});
    add(llm::UsageReport{{.input = 1}});
    add(llm::UsageReport{{.input = 2}});

    CHECK(reply.begun.id == "id");
    REQUIRE(reply.choices.size() == 2);
    auto& blocks = reply.choices[0].blocks;
    llm::Thinking thought{"hmm", {"anthropic", "sig"}};
    CHECK(blocks[0].part == llm::Part{thought});
    CHECK(blocks[1].part == llm::Part{llm::Text{"Hello"}});
    CHECK(blocks[2].part == llm::Part{llm::ToolCall{"c1", "f", "{\"a\":1}"}});
    CHECK(reply.choices[1].blocks[0].part == llm::Part{llm::Text{"other"}});
    CHECK(reply.choices[0].logprobs == "[1,2,3]");
    CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
    CHECK(reply.usage->usage.input == 2);
}

TEST_CASE("data URLs are taken apart and put together", "[wire]") {
    auto uri = parse_data_uri("data:image/png;base64,AAAA");
    REQUIRE(uri);
    CHECK(uri->media_type == "image/png");
    CHECK(uri->base64 == "AAAA");
    CHECK(data_uri("image/png", "AAAA") == "data:image/png;base64,AAAA");
    CHECK(parse_data_uri("DATA:;BASE64,QQ==")->media_type.empty());
    CHECK_FALSE(parse_data_uri("https://example.test/a.png"));
    CHECK_FALSE(parse_data_uri("data:text/plain,hello"));
    CHECK_FALSE(parse_data_uri("data:image/png;base64"));
}

TEST_CASE("a provider's error keeps its class and loses its secrets", "[wire]") {
    CHECK(reply_error("overloaded_error", "", "busy").code == Code::upstream_failed);
    CHECK(reply_error("rate_limit_error", "", "slow down").code == Code::rate_limited);
    CHECK(reply_error("", "RESOURCE_EXHAUSTED", "x").code == Code::rate_limited);
    CHECK(reply_error("invalid_request_error", "content_filter", "x").code == Code::refused);
    CHECK(reply_error("authentication_error", "", "x").code == Code::upstream_credentials);
    auto error = reply_error("api_error", "", "key sk-proj-abcdefghijklmnopqrstuvwxyz0123 broke");
    CHECK(error.message.find("abcdefghijkl") == std::string::npos);
    CHECK_FALSE(reply_error("", "", "").message.empty());
}
