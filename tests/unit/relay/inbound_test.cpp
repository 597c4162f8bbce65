#include "daemon/relay/inbound.hpp"

#include "core/wire/anthropic.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/gemini.hpp"
#include "core/wire/responses.hpp"
#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;

namespace {

Inbound chat_in(const wire::Wire& wire) {
    Inbound inbound;
    inbound.wire = &wire;
    return inbound;
}

llm::ChatCall call_of(const Inbound& inbound, std::string_view body) {
    test::Padded padded(body);
    auto call = parse_call(inbound, padded.view());
    if (!call)
        FAIL(call.error().message);
    return *call;
}

std::string refusal_of(const Inbound& inbound, std::string_view body) {
    test::Padded padded(body);
    auto call = parse_call(inbound, padded.view());
    return call ? "accepted" : call.error().message;
}

}  // namespace

TEST_CASE("what decides route and price is found in every format", "[relay]") {
    auto anthropic = call_of(
        chat_in(wire::anthropic),
        R"({"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"x"}]})");
    CHECK(anthropic.model == "m");
    CHECK(anthropic.stream);
    CHECK(anthropic.output_tokens_max == 5);

    std::string_view body = R"({"input":"x","model":"m","max_output_tokens":6,"stream":true})";
    auto responses = call_of(chat_in(wire::responses), body);
    CHECK(responses.output_tokens_max == 6);
    CHECK(responses.stream);
    // Where a channel calls the model otherwise, its name is replaced in place.
    CHECK(body.substr(responses.model_span.at, responses.model_span.length) == "\"m\"");

    auto completions =
        call_of(chat_in(wire::completions), R"({"model":"m","prompt":"x","max_tokens":7,"n":2})");
    CHECK(completions.output_tokens_max == 7);
    CHECK(completions.choices == 2);

    auto gemini = chat_in(wire::gemini);
    gemini.model = "g";
    gemini.stream = true;
    auto call = call_of(
        gemini,
        R"({"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"maxOutputTokens":8}})");
    CHECK(call.model == "g");
    CHECK(call.stream);
    CHECK(call.output_tokens_max == 8);
}

TEST_CASE("a body of the wrong format is refused", "[relay]") {
    CHECK(refusal_of(chat_in(wire::anthropic), "{}") != "accepted");
    CHECK(refusal_of(chat_in(wire::responses), R"({"input":"x"})") != "accepted");
    CHECK(refusal_of(chat_in(wire::completions), R"({"prompt":"x"})") != "accepted");
    auto gemini = chat_in(wire::gemini);
    gemini.model = "g";
    CHECK(refusal_of(gemini, "[]") != "accepted");
    gemini.model = std::string(200, 'g');
    CHECK(refusal_of(gemini, R"({"contents":[{"parts":[{"text":"x"}]}]})") != "accepted");
}

TEST_CASE("bytes pass where both sides speak one format", "[relay]") {
    auto chat = [](const wire::Wire& wire) {
        return providers::Offer{providers::Operation::chat, &wire, "/"};
    };
    CHECK(chat_in(wire::openai).passes(chat(wire::openai), true));
    CHECK(chat_in(wire::anthropic).passes(chat(wire::anthropic), false));
    CHECK_FALSE(chat_in(wire::anthropic).passes(chat(wire::openai), false));
    auto gemini = chat_in(wire::gemini);
    CHECK(gemini.passes(chat(wire::gemini), true));
    gemini.json_array = true;
    CHECK_FALSE(gemini.passes(chat(wire::gemini), false));
}

TEST_CASE("vectors and rankings pass in the form of the provider, and under its name for the model",
          "[relay]") {
    using providers::Operation;
    Inbound embeddings;
    embeddings.operation = Operation::embeddings;
    providers::Offer openai{Operation::embeddings, nullptr, "/embeddings"};
    providers::Offer gemini{Operation::embeddings,   nullptr, "/g", {}, "POST",
                            &wire::gemini_embeddings};
    CHECK(embeddings.passes(openai, true));
    CHECK_FALSE(embeddings.passes(gemini, false));
    embeddings.form = &wire::gemini_embeddings;
    CHECK(embeddings.passes(gemini, false));
    CHECK_FALSE(embeddings.passes(gemini, true));
    CHECK_FALSE(embeddings.passes(openai, false));
    Inbound moderation;
    moderation.operation = Operation::moderations;
    CHECK(moderation.passes({Operation::moderations, nullptr, "/moderations"}, true));
}

TEST_CASE("a batch of Gemini's names no other model than its path", "[relay]") {
    Inbound batch;
    batch.operation = providers::Operation::embeddings;
    batch.wire = &wire::gemini;
    batch.form = &wire::gemini_embeddings;
    batch.model = "g";
    CHECK(call_of(batch, R"({"requests":[{"model":"models/g"},{}]})").model == "g");
    CHECK(call_of(batch, R"({"model":"x","requests":[]})").model == "g");
    auto refused = refusal_of(batch, R"({"requests":[{"model":"models/g"},{"model":"models/x"}]})");
    CHECK(refused.find("requests[1].model") != std::string::npos);
}

TEST_CASE("only headers that belong to the body go with it", "[relay]") {
    std::string text =
        "POST / HTTP/1.1\r\nHost: x\r\nAnthropic-Beta: x-2025\r\nx-api-key: sk-secret\r\n\r\n";
    http::RequestHead head;
    REQUIRE(http::parse_request_head(text, {}, head));
    CHECK(forwarded_headers(chat_in(wire::anthropic), head) ==
          HeaderList{{"anthropic-beta", "x-2025"}});
    CHECK(forwarded_headers(chat_in(wire::openai), head).empty());
}
