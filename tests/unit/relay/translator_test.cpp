#include "daemon/relay/translator.hpp"

#include "core/wire/anthropic.hpp"
#include "core/wire/gemini.hpp"
#include "daemon/relay/conversion.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::relay;

namespace {

const std::string start = "event: message_start\ndata: "
                          "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":"
                          "\"message\",\"role\":\"assistant\",\"model\":\"up\",\"content\":[],"
                          "\"usage\":{\"input_tokens\":"
                          "7,\"output_tokens\":1}}}\n\n";
const std::string text =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
    "\"Hello there\"}}\n\n";
const std::string delta =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
    "\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n";
const std::string stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string broken =
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
    "\"busy, key sk-ant-api03-abcdefghijklmnop0123456789\"}}\n\n";

struct World {
    Inbound inbound;
    llm::ChatCall call;
    llm::ChatRequest request;
    wire::Dialect dialect;

    explicit World(const wire::Wire& front) {
        inbound.wire = &front;
        call.model = "asked";
        call.stream = true;
    }
    Translator translator(bool converts) {
        return Translator({inbound, call, converts ? &request : nullptr, wire::anthropic, dialect,
                           "req-1", 99, true});
    }
};

struct Taken {
    std::string out;
    bool same = false;
    bool ok = true;
};

Taken take(Translator& translator, std::string_view bytes, bool last = false) {
    std::vector<std::string_view> pieces;
    std::string_view payload[] = {bytes};
    auto same = translator.take(payload, last, pieces);
    Taken taken;
    taken.ok = same.has_value();
    taken.same = same && *same;
    for (auto piece : pieces)
        taken.out += piece;
    return taken;
}

}  // namespace

TEST_CASE("a stream of the caller's format passes byte for byte and is metered", "[relay]") {
    World world(wire::anthropic);
    auto all = start + text + delta + stop;
    for (std::size_t step : {all.size(), std::size_t{1}, std::size_t{7}}) {
        auto translator = world.translator(false);
        std::string out;
        for (std::size_t at = 0; at < all.size(); at += step) {
            auto piece = std::string_view(all).substr(at, step);
            auto taken = take(translator, piece, at + step >= all.size());
            REQUIRE(taken.ok);
            out += taken.out;
        }
        // From the event that says why the reply ends nothing goes out before it is settled.
        CHECK(out == start + text);
        CHECK(translator.closing() == delta + stop);
        CHECK(translator.facts().usage->input == 7);
        CHECK(translator.facts().usage->output == 3);
        CHECK(translator.facts().text_bytes == 11);
        CHECK(translator.facts().text_bytes_after_usage == 0);
        CHECK(translator.facts().done);
    }
    auto translator = world.translator(false);
    CHECK(take(translator, start).same);
    CHECK_FALSE(take(translator, delta).same);
}

TEST_CASE("a provider's error does not pass, its words do without their secrets", "[relay]") {
    World world(wire::anthropic);
    auto translator = world.translator(false);
    auto taken = take(translator, start + text + broken + stop);
    CHECK(taken.ok);
    CHECK(taken.out == start + text);
    REQUIRE(translator.failure() != nullptr);
    CHECK(translator.facts().error);
    auto told = std::string(translator.broken(*translator.failure()));
    CHECK_THAT(told, Catch::StartsWith("event: error\n"));
    CHECK_THAT(told, Catch::Contains("busy"));
    CHECK(told.find("abcdefghijkl") == std::string::npos);
}

TEST_CASE("a stream that breaks off is an error, and what was said before it is known", "[relay]") {
    World world(wire::openai);
    auto translator = world.translator(true);
    auto taken = take(translator, start + text, true);
    CHECK_FALSE(taken.ok);
    CHECK_THAT(taken.out, Catch::Contains("Hello there"));
    CHECK(translator.facts().text_bytes_after_usage == 11);
    CHECK_FALSE(translator.facts().done);
}

TEST_CASE("a stream is converted as it comes, and ended when it is asked to", "[relay]") {
    World world(wire::openai);
    world.call.usage_asked = true;
    auto translator = world.translator(true);
    auto first = take(translator, start + text);
    CHECK_THAT(first.out, Catch::Contains("\"content\":\"Hello there\""));
    CHECK_THAT(first.out, Catch::Contains("\"model\":\"asked\""));
    auto last = take(translator, delta + stop, true);
    CHECK_THAT(last.out, Catch::Contains("\"finish_reason\":\"stop\""));
    CHECK(last.out.find("[DONE]") == std::string::npos);
    auto closing = std::string(translator.closing());
    CHECK_THAT(closing, Catch::Contains("\"prompt_tokens\":7"));
    CHECK_THAT(closing, Catch::EndsWith("data: [DONE]\n\n"));
}

TEST_CASE("a reply that is asked for whole shows nothing before its end", "[relay]") {
    World world(wire::openai);
    world.call.stream = false;
    auto translator = world.translator(true);
    CHECK(take(translator, start + text).out.empty());
    CHECK(take(translator, delta + stop, true).out.empty());
    auto body = nlohmann::json::parse(translator.closing());
    CHECK(body["choices"][0]["message"]["content"] == "Hello there");
    CHECK(body["usage"]["completion_tokens"] == 3);
}

TEST_CASE("a client who takes one call at a time gets one", "[relay]") {
    auto call = [](int block, const std::string& name) {
        auto index = std::to_string(block);
        return "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":" +
               index + R"(,"content_block":{"type":"tool_use","id":")" + name + R"(","name":")" +
               name +
               "\",\"input\":{}}}\n\nevent: content_block_stop\ndata: "
               "{\"type\":\"content_block_stop\",\"index\":" +
               index + "}\n\n";
    };
    World world(wire::openai);
    world.call.stream = false;
    auto count = [&] {
        auto translator = world.translator(true);
        take(translator, start + call(0, "f") + call(1, "g") + delta + stop, true);
        auto body = nlohmann::json::parse(translator.closing());
        return body["choices"][0]["message"]["tool_calls"].size();
    };
    CHECK(count() == 2);
    world.request.parallel_tool_calls = true;
    CHECK(count() == 2);
    world.request.parallel_tool_calls = false;
    CHECK(count() == 1);
}

TEST_CASE("an event that never ends is not kept for ever", "[relay]") {
    World world(wire::anthropic);
    auto translator = world.translator(false);
    std::string piece(1 << 20, 'x');
    bool ok = take(translator, "data: ").ok;
    for (int i = 0; ok && i < 10; ++i)
        ok = take(translator, piece).ok;
    CHECK_FALSE(ok);
}

namespace {

providers::Offer chat_offer(const wire::Wire& wire) {
    return {providers::Operation::chat, &wire, "/"};
}

Result<void> write(Conversion& conversion, const providers::Offer& offer, std::string_view model,
                   bool lossy, const llm::SystemPrompt& prompt = {}) {
    return conversion.write(Order{offer, {}, model, lossy, prompt});
}

}  // namespace

TEST_CASE("a request is read once and written for each channel", "[relay]") {
    Inbound inbound;
    inbound.wire = &wire::anthropic;
    std::string body =
        R"({"model":"asked","max_tokens":9,"top_k":3,"messages":[{"role":"user","content":"x"}]})";
    Conversion conversion(inbound, body, {});
    auto refused = write(conversion, chat_offer(wire::openai), "up", false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::invalid_request);
    CHECK(refused.error().param == "top_k");
    CHECK_THAT(refused.error().message, Catch::Contains("'top_k'"));

    CHECK(write(conversion, chat_offer(wire::openai), "up", true));
    CHECK(conversion.dropped() == "top_k");
    auto written = nlohmann::json::parse(conversion.written().body);
    CHECK(written["model"] == "up");
    CHECK(written["max_completion_tokens"] == 9);

    CHECK(write(conversion, chat_offer(wire::gemini), "other", false));
    CHECK(conversion.dropped().empty());
    CHECK_THAT(conversion.written().body, Catch::Contains("\"topK\":3"));
}

TEST_CASE("a channel's prompt is put in for that channel only", "[relay]") {
    Inbound inbound;
    inbound.wire = &wire::openai;
    std::string body = R"({"model":"m","messages":[{"role":"user","content":"x"}]})";
    Conversion conversion(inbound, body, {});
    llm::SystemPrompt prompt{"Be kind.", llm::SystemPrompt::Place::prepend};
    CHECK(write(conversion, chat_offer(wire::openai), "up", false, prompt));
    CHECK_THAT(conversion.written().body, Catch::Contains("Be kind."));
    CHECK(conversion.injected() == "Be kind.");
    CHECK(conversion.request().messages.size() == 1);

    CHECK(write(conversion, chat_offer(wire::gemini), "up", false));
    CHECK_THAT(conversion.written().body, !Catch::Contains("Be kind."));
    CHECK(conversion.injected().empty());
}

TEST_CASE("a request that cannot be understood is refused by every channel alike", "[relay]") {
    Inbound inbound;
    inbound.wire = &wire::anthropic;
    std::string body = R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":7}]})";
    Conversion conversion(inbound, body, {});
    auto first = write(conversion, chat_offer(wire::openai), "up", true);
    auto second = write(conversion, chat_offer(wire::gemini), "up", true);
    REQUIRE_FALSE(first);
    REQUIRE_FALSE(second);
    CHECK(first.error().message == second.error().message);
}

TEST_CASE("a request for vectors is written for each channel as well", "[relay]") {
    Inbound inbound;
    inbound.operation = providers::Operation::embeddings;
    std::string body = R"({"model":"asked","input":"a","odd":1})";
    Conversion conversion(inbound, body, {});
    providers::Offer gemini{providers::Operation::embeddings, nullptr, "/", {}, "POST",
                            &wire::gemini_embeddings};
    auto refused = write(conversion, gemini, "up", false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().param == "odd");
    CHECK(write(conversion, gemini, "up", true));
    CHECK(conversion.dropped() == "odd");
    CHECK_THAT(conversion.written().body, Catch::Contains("\"models/up\""));
    CHECK(conversion.plain()->model == "up");

    inbound.operation = providers::Operation::moderations;
    Conversion moderation(inbound, body, {});
    providers::Offer other{providers::Operation::moderations, nullptr, "/"};
    CHECK(write(moderation, other, "up", true).error().code == Code::unsupported);
}

TEST_CASE("a stream is stopped at its limit and ends as too long, whatever its way", "[relay]") {
    const auto& more = text.substr(text.find("event: content_block_delta"));
    for (bool converts : {false, true}) {
        World world(converts ? wire::openai : wire::anthropic);
        auto translator = world.translator(converts);
        translator.limit(12);
        auto taken = take(translator, start + text + more + more + delta + stop, true);
        CHECK(taken.ok);
        CHECK_FALSE(taken.same);
        CHECK(translator.facts().over);
        CHECK(translator.facts().text_bytes == 22);
        if (!converts)
            CHECK(taken.out == start + text + more);
        llm::Usage usage;
        usage.output = 6;
        auto end = std::string(translator.cut(1, usage));
        if (converts) {
            CHECK_THAT(end, Catch::Contains("\"finish_reason\":\"length\""));
            CHECK_THAT(end, Catch::EndsWith("data: [DONE]\n\n"));
        } else {
            CHECK_THAT(end, Catch::StartsWith("event: content_block_stop"));
            CHECK_THAT(end, Catch::Contains("\"stop_reason\":\"max_tokens\""));
            CHECK_THAT(end, Catch::Contains("message_stop"));
        }
    }
}

TEST_CASE("a stream that may go on loses nothing", "[relay]") {
    const auto& more = text.substr(text.find("event: content_block_delta"));
    for (bool converts : {false, true}) {
        World world(converts ? wire::openai : wire::anthropic);
        auto whole = world.translator(converts);
        auto all = start + text + more + more + delta + stop;
        auto expected = take(whole, all, true).out;
        auto translator = world.translator(converts);
        translator.limit(1);
        auto shown = take(translator, all, true).out;
        for (std::int64_t limit = 12; translator.facts().over; limit += 11) {
            std::vector<std::string_view> pieces;
            REQUIRE(translator.go_on(limit, true, pieces));
            for (auto piece : pieces)
                shown += piece;
        }
        CHECK(shown == expected);
        CHECK(translator.closing() == whole.closing());
        CHECK(translator.facts().done);
    }
}
