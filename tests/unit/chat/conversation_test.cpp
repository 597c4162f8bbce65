#include "cli/chat/conversation.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace obliv::cli;

TEST_CASE("a conversation is sent with its system prompt and without empty answers", "[chat]") {
    Conversation talk;
    talk.system = "be kind";
    talk.add({"one", "1"});
    talk.add({"two", "", true});
    std::string all;
    for (const auto& message : talk.messages("three"))
        all += message.role + ":" + message.content + ";";
    CHECK(all == "system:be kind;user:one;assistant:1;user:two;user:three;");
}

TEST_CASE("undo gives the question back and ends at the start", "[chat]") {
    Conversation talk;
    talk.add({"one", "1"});
    CHECK(talk.undo() == "one");
    CHECK(talk.undo().empty());
    CHECK(talk.turns().empty());
}

TEST_CASE("a saved conversation marks what was stopped", "[chat]") {
    Conversation talk;
    talk.add({"q", "half", true});
    CHECK(talk.markdown() == "## You\n\nq\n\n## Model\n\nhalf\n\n*(stopped)*\n\n");
}

TEST_CASE("a prompt becomes the body of a streamed call that asks for usage", "[chat]") {
    Prompt prompt{
        .model = "m", .messages = {{"user", "x\xff"}}, .max_tokens = 5, .temperature = "0.5"};
    auto body = Json::parse(prompt_body(prompt));
    CHECK(body["stream"] == true);
    CHECK(body["stream_options"]["include_usage"] == true);
    CHECK(body["max_tokens"] == 5);
    CHECK(body["temperature"] == 0.5);
    CHECK_FALSE(Json::parse(prompt_body({.model = "m"})).contains("max_tokens"));
}
