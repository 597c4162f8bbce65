#include "core/wire/responses_state.hpp"

#include "core/wire/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

const std::string response = R"({"id":"resp_1","status":"completed","output":[
    {"type":"reasoning","id":"rs_1","summary":[]},
    {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"SEAL"},
    {"type":"message","id":"msg_1","status":"completed","role":"assistant",
     "content":[{"type":"output_text","text":"hello","logprobs":[],"annotations":[]}]},
    {"type":"web_search_call","id":"ws_1","status":"completed"},
    {"type":"function_call","id":"fc_1","status":"completed","call_id":"c","name":"f","arguments":"{}"}]})";

}  // namespace

TEST_CASE("a Responses request says what is to be remembered of it", "[wire]") {
    auto turn =
        read_responses_turn(R"({"model":"m","input":"hi","previous_response_id":"resp_0"})");
    REQUIRE(turn);
    CHECK(turn->previous == "resp_0");
    CHECK(turn->store);
    auto input = Json::parse(turn->input);
    REQUIRE(input.size() == 1);
    CHECK(input[0]["role"] == "user");
    CHECK(input[0]["content"] == "hi");

    auto quiet = read_responses_turn(R"({"input":[{"role":"user","content":"x"}],"store":false})");
    REQUIRE(quiet);
    CHECK_FALSE(quiet->store);
    CHECK(quiet->previous.empty());

    auto background = read_responses_turn(R"({"input":"x","background":true})");
    REQUIRE_FALSE(background);
    CHECK(background.error().code == Code::unsupported);
    CHECK_FALSE(read_responses_turn(R"({"input":5})"));
    CHECK_FALSE(read_responses_turn(R"({"store":"yes"})"));
    CHECK_FALSE(read_responses_turn("{"));
}

TEST_CASE("a conversation is put before the request that goes on from it", "[wire]") {
    std::vector<PastTurn> past{
        {R"([{"role":"user","content":"one"}])", response},
        {R"([{"role":"user","content":"two"}])", R"({"status":"incomplete","output":[]})"}};
    auto body = with_history(
        R"({"model":"m","input":"three","previous_response_id":"resp_2","store":true})", past);
    REQUIRE(body);
    auto json = Json::parse(*body);
    CHECK_FALSE(json.contains("previous_response_id"));
    CHECK(json["store"] == true);
    const auto& input = json["input"];
    REQUIRE(input.size() == 7);
    CHECK(input[0]["content"] == "one");
    CHECK(input[1]["encrypted_content"] == "SEAL");
    CHECK_FALSE(input[1].contains("id"));
    CHECK(input[2]["content"][0]["text"] == "hello");
    CHECK_FALSE(input[2].contains("id"));
    CHECK_FALSE(input[2]["content"][0].contains("logprobs"));
    CHECK(input[3]["id"] == "ws_1");
    CHECK_FALSE(input[4].contains("id"));
    CHECK(input[5]["content"] == "two");
    CHECK(input[6]["content"] == "three");
}

TEST_CASE("input items are listed newest first, each with an id", "[wire]") {
    auto list = Json::parse(input_items_list(
        "resp_1", R"([{"role":"user","content":"a"},{"type":"function_call_output","id":"own",)"
                  R"("call_id":"c","output":"r"}])"));
    REQUIRE(list["data"].size() == 2);
    CHECK(list["data"][0]["id"] == "own");
    CHECK(list["data"][1]["type"] == "message");
    CHECK(list["data"][1]["content"][0]["text"] == "a");
    CHECK(list["first_id"] == "own");
    CHECK(list["last_id"] == "item_resp_1_0");
    CHECK(list["has_more"] == false);
    CHECK(Json::parse(input_items_list("r", "[]"))["data"].empty());
}

TEST_CASE("the response is caught from a document and from a stream cut anywhere", "[wire]") {
    ResponseCapture document(1U << 16);
    document.feed(response.substr(0, 40));
    document.feed(response.substr(40));
    auto caught = document.finish();
    REQUIRE(caught);
    CHECK(caught->id == "resp_1");
    CHECK(Json::parse(caught->json) == Json::parse(response));

    auto compact = Json::parse(response).dump();
    std::string stream = "event: response.created\ndata: {\"type\":\"response.created\"}\n\n"
                         "data: {\"response\":" +
                         compact + ",\"type\":\"response.completed\"}\n\ndata: [DONE]\n\n";
    for (std::size_t step : {1U, 7U, 1000U}) {
        ResponseCapture capture(1U << 16);
        for (std::size_t at = 0; at < stream.size(); at += step)
            capture.feed(std::string_view(stream).substr(at, step));
        auto found = capture.finish();
        REQUIRE(found);
        CHECK(Json::parse(found->json) == Json::parse(response));
    }
}

TEST_CASE("a response that failed, broke off or is too large is not kept", "[wire]") {
    for (const auto* body :
         {"", "data: {\"type\":\"response.created\"}\n\n",
          "event: response.failed\ndata: {\"response\":{\"status\":\"failed\"}}\n\n",
          R"({"status":"failed","output":[]})", R"({"error":{"message":"no"}})", "{"}) {
        INFO(body);
        ResponseCapture capture(1U << 16);
        capture.feed(body);
        CHECK_FALSE(capture.finish());
    }
    ResponseCapture small(64);
    small.feed(response);
    CHECK_FALSE(small.finish());
}
