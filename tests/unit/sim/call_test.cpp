#include "cli/sim/call.hpp"
#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::sim;

namespace {

Result<Call> read(std::string_view body) {
    test::Padded padded(body);
    return read_call(padded.view());
}

Result<Call> read_with_header(const Options& options, const std::string& line,
                              std::string_view body) {
    auto text = "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n" + line + "\r\n";
    http::RequestHead head;
    auto parsed = http::parse_request_head(text, http::HeadLimits(), head);
    REQUIRE(parsed);
    REQUIRE(*parsed == http::Parse::complete);
    test::Padded padded(body);
    return read_request(options, Asked{}, head, padded.view());
}

constexpr std::string_view plain = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";

}  // namespace

TEST_CASE("prompt tokens are the words of all messages and four for each", "[sim]") {
    auto call = read(R"({"model":"m","messages":[
        {"role":"system","content":"be very brief"},
        {"content":[{"type":"text","text":"look  here"},{"type":"image_url","image_url":{"url":"x y"}},
                    {"type":"text","text":"twice"}],"role":"user"},
        {"role":"assistant","content":null,"tool_calls":[]},
        {"role":"tool","content":"a\nb"}]})");
    REQUIRE(call);
    CHECK(call->prompt_tokens == 3 + 3 + 0 + 2 + 4 * tokens_per_message);
}

TEST_CASE("marks count when they stand in the last user message", "[sim]") {
    auto call = read(R"({"model":"m","messages":[
        {"role":"user","content":"[[sim:tokens=1]]"},
        {"role":"user","content":"a [[sim:tokens=7]] b [[sim:fault=cut]][[sim:ttft=5s]][[sim:itl=0ms]]"},
        {"role":"assistant","content":"[[sim:tokens=9]]"}]})");
    REQUIRE(call);
    const auto& wishes = call->wishes;
    CHECK(wishes.tokens == 7);
    CHECK(wishes.fault == Fault{Fault::Kind::cut, 0});
    CHECK(wishes.ttft == milliseconds(5000));
    CHECK(wishes.itl == milliseconds(0));
    CHECK_FALSE(wishes.echo);
    CHECK_FALSE(wishes.tool);
    CHECK_FALSE(wishes.stamp);
    CHECK(parse_wishes("[[sim:stamp]]")->stamp);
}

TEST_CASE("an echo is the message without its marks", "[sim]") {
    auto wishes = parse_wishes("say [[sim:echo]]\"this\" [[sim:ttft=1s]]again");
    REQUIRE(wishes);
    CHECK(wishes->echo == "say \"this\" again");
}

TEST_CASE("a mark that nobody knows is refused", "[sim]") {
    for (const auto* bad : {"[[sim:token=7]]", "[[sim:tokens=x]]", "[[sim:tokens=-1]]", "[[sim:]]",
                            "[[sim:fault=999]]", "[[sim:ttft=soon]]", "[[sim:echo=1]]"}) {
        CAPTURE(bad);
        auto wishes = parse_wishes(bad);
        REQUIRE_FALSE(wishes);
        CHECK(info(wishes.error().code).http_status == 400);
    }
    CHECK(parse_wishes("[[other:mark]] [[sim:tokens=7"));
}

TEST_CASE("a tool is called by mark or by the caller's choice", "[sim]") {
    std::string tools = R"("tools":[{"type":"function","function":{"name":"weather"}}])";
    auto with = [&tools](const std::string& choice, const std::string& text) {
        auto call = read(R"({"model":"m","messages":[{"role":"user","content":")" + text +
                         R"("}],)" + tools + choice + "}");
        REQUIRE(call);
        return call->wishes.tool;
    };
    CHECK(with("", "hi") == std::nullopt);
    CHECK(with("", "[[sim:tool]]") == "weather");
    CHECK(with("", "[[sim:tool=other]]") == "other");
    CHECK(with(R"(,"tool_choice":"auto")", "hi") == std::nullopt);
    CHECK(with(R"(,"tool_choice":"required")", "hi") == "weather");
    CHECK(with(R"(,"tool_choice":{"type":"function","function":{"name":"third"}})", "hi") ==
          "third");
    tools = R"("tools":[])";
    CHECK(with("", "[[sim:tool]]") == "lookup");
}

TEST_CASE("what the provider would refuse is refused", "[sim]") {
    for (const auto* bad :
         {"", "[]", "{", R"({"messages":[{"role":"user","content":"x"}]})", R"({"model":"m"})",
          R"({"model":"m","messages":[]})", R"({"model":"m","messages":["x"]})",
          R"({"model":"m","messages":[{"role":1,"content":"x"}]})",
          R"({"model":"m","messages":[{"role":"user","content":5}]})",
          R"({"model":"m","messages":[{"role":"user","content":["x"]}]})"}) {
        CAPTURE(bad);
        auto call = read(bad);
        REQUIRE_FALSE(call);
        CHECK(call.error().code == Code::invalid_request);
    }
}

TEST_CASE("a header asks for a fault unless a mark does", "[sim]") {
    auto call = read_with_header({}, "X-Sim-Fault: 429\r\n", plain);
    REQUIRE(call);
    CHECK(call->wishes.fault == Fault{Fault::Kind::status, 429});
    call = read_with_header(
        {}, "x-sim-fault: 429\r\n",
        R"({"model":"m","messages":[{"role":"user","content":"[[sim:fault=none]]"}]})");
    REQUIRE(call);
    CHECK(call->wishes.fault == Fault{});
    CHECK_FALSE(read_with_header({}, "x-sim-fault: never\r\n", plain));
}

TEST_CASE("a list of models refuses every other name", "[sim]") {
    Options options;
    CHECK(read_with_header(options, "", plain));
    options.models = {"a", "m"};
    CHECK(read_with_header(options, "", plain));
    options.models = {"a"};
    auto call = read_with_header(options, "", plain);
    REQUIRE_FALSE(call);
    CHECK(call.error().code == Code::model_not_found);
}
