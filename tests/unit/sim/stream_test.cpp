#include "cli/sim/stream.hpp"
#include "core/base/clock.hpp"
#include "core/http/chunked.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <vector>

using namespace obliv;
using namespace obliv::sim;
using nlohmann::json;
using Next = StreamWriter::Next;

namespace {

Plan plan_of(std::int64_t tokens) {
    Plan plan;
    plan.number = 7;
    plan.model = "m";
    plan.tokens = tokens;
    plan.prompt_tokens = 11;
    return plan;
}

struct Written {
    std::vector<std::string> events;  ///< what follows "data: "
    int steps = 0;
    bool whole = false;  ///< the chunked body has ended
    bool cut = false;
};

Written write(Plan plan) {
    Written result;
    StreamWriter writer(std::move(plan));
    std::string bytes;
    auto next = Next::more;
    while (next == Next::more) {
        next = writer.next(bytes);
        ++result.steps;
    }
    result.cut = next == Next::cut;
    http::ChunkedDecoder decoder;
    std::string text;
    for (std::string_view rest = bytes; !rest.empty();) {
        auto step = decoder.next(rest);
        REQUIRE(step);
        text += step->payload;
        rest.remove_prefix(step->consumed);
    }
    result.whole = decoder.done();
    while (!text.empty()) {
        auto end = text.find("\n\n");
        REQUIRE(end != std::string::npos);
        REQUIRE(text.starts_with("data: "));
        result.events.push_back(text.substr(6, end - 6));
        text.erase(0, end + 2);
    }
    return result;
}

json at(const Written& written, std::size_t index) {
    return json::parse(written.events.at(index));
}

}  // namespace

TEST_CASE("a stream opens, has a chunk for each token, tells why it ended, and ends", "[sim]") {
    auto written = write(plan_of(3));
    CHECK(written.steps == 3);
    CHECK(written.whole);
    REQUIRE(written.events.size() == 6);
    auto first = at(written, 0);
    CHECK(first["id"] == "chatcmpl-sim000000000007");
    CHECK(first["object"] == "chat.completion.chunk");
    CHECK(first["system_fingerprint"] == "sim");
    CHECK(first["choices"][0]["delta"]["role"] == "assistant");
    CHECK_FALSE(first.contains("usage"));
    CHECK(at(written, 1)["choices"][0]["delta"] == json{{"content", "lorem"}});
    CHECK(at(written, 3)["choices"][0]["delta"] == json{{"content", " dolor"}});
    CHECK(at(written, 3)["choices"][0]["finish_reason"].is_null());
    CHECK(at(written, 4)["choices"][0]["delta"] == json::object());
    CHECK(at(written, 4)["choices"][0]["finish_reason"] == "stop");
    CHECK(written.events[5] == "[DONE]");
}

TEST_CASE("a stream that tells its usage does so in one chunk without choices", "[sim]") {
    auto plan = plan_of(2);
    plan.usage_at_end = true;
    plan.choices = 2;
    auto written = write(std::move(plan));
    REQUIRE(written.events.size() == 2 + 4 + 2 + 1 + 1);
    CHECK(at(written, 0)["usage"].is_null());
    CHECK(at(written, 0).contains("usage"));
    CHECK(at(written, 3)["choices"][0]["index"] == 1);
    auto last = at(written, 8);
    CHECK(last["choices"] == json::array());
    CHECK(last["usage"] ==
          json{{"prompt_tokens", 11}, {"completion_tokens", 4}, {"total_tokens", 15}});
}

TEST_CASE("a reply of no tokens is still a whole stream", "[sim]") {
    auto written = write(plan_of(0));
    CHECK(written.whole);
    CHECK(written.steps == 1);
    CHECK(written.events.size() == 3);
}

TEST_CASE("a cut stream has half its tokens and no end", "[sim]") {
    auto plan = plan_of(6);
    plan.fault.kind = Fault::Kind::cut;
    auto written = write(std::move(plan));
    CHECK(written.cut);
    CHECK_FALSE(written.whole);
    CHECK(written.events.size() == 1 + 3);
    CHECK(at(written, 3)["choices"][0]["delta"]["content"] == " dolor");
}

TEST_CASE("a malformed stream has one event that is no JSON, in the middle", "[sim]") {
    auto plan = plan_of(4);
    plan.fault.kind = Fault::Kind::malformed;
    auto written = write(std::move(plan));
    CHECK(written.whole);
    REQUIRE(written.events.size() == 8);
    int broken = 0;
    for (const auto& event : written.events)
        broken += event != "[DONE]" && !json::accept(event);
    CHECK(broken == 1);
    CHECK_FALSE(json::accept(written.events[3]));
}

TEST_CASE("the pieces of a streamed tool call join to JSON", "[sim]") {
    auto plan = plan_of(4);
    plan.tool = "weather";
    auto written = write(std::move(plan));
    auto opening = at(written, 0)["choices"][0]["delta"]["tool_calls"][0];
    CHECK(opening["function"]["name"] == "weather");
    CHECK(opening["id"] == "call_sim");
    std::string arguments;
    for (std::size_t i = 1; i <= 4; ++i)
        arguments +=
            at(written, i)["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"];
    CHECK(json::parse(arguments) == json{{"text", "lorem ipsum dolor"}});
    CHECK(at(written, 5)["choices"][0]["finish_reason"] == "tool_calls");
}

TEST_CASE("a stamped stream's tokens are times, never falling", "[sim]") {
    auto plan = plan_of(3);
    plan.stamps = true;
    auto before = real_clock().steady().time_since_epoch().count();
    auto written = write(std::move(plan));
    auto after = real_clock().steady().time_since_epoch().count();
    for (std::size_t i = 1; i <= 3; ++i) {
        auto stamp =
            std::stoll(at(written, i)["choices"][0]["delta"]["content"].get<std::string>());
        CHECK(stamp >= before);
        CHECK(stamp <= after);
        before = stamp;
    }
}
