// Providers report one and the same consumption in different ways: what they count within what, and
// under which names. The charge is the same.

#include "core/llm/price.hpp"
#include "core/wire/wire.hpp"

#include <catch2/catch.hpp>

#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

using namespace obliv;

namespace {

struct Told {
    const char* provider;
    const char* wire;
    const char* reply;
};

// 60 tokens fresh, 40 from the cache, 10 of text, 20 of thought.
const Told tellings[] = {
    {"OpenAI: both are parts of their totals", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
         "prompt_tokens_details":{"cached_tokens":40},
         "completion_tokens_details":{"reasoning_tokens":20}}})"},
    {"DeepSeek: hits and misses", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
         "prompt_cache_hit_tokens":40,"prompt_cache_miss_tokens":60,
         "completion_tokens_details":{"reasoning_tokens":20}}})"},
    {"Moonshot: cached tokens at the top", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
         "cached_tokens":40,"completion_tokens_details":{"reasoning_tokens":20}}})"},
    {"xAI: thoughts beside the completion", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":130,
         "prompt_tokens_details":{"cached_tokens":40},
         "completion_tokens_details":{"reasoning_tokens":20}}})"},
    {"Responses", "responses",
     R"({"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m",
         "output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed",
         "content":[{"type":"output_text","text":"x","annotations":[]}]}],
         "usage":{"input_tokens":100,"output_tokens":30,"total_tokens":130,
         "input_tokens_details":{"cached_tokens":40},
         "output_tokens_details":{"reasoning_tokens":20}}})"},
    {"Anthropic: the cache beside the input", "anthropic",
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m",
         "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":60,"cache_read_input_tokens":40,"cache_creation_input_tokens":0,
         "output_tokens":30,"output_tokens_details":{"thinking_tokens":20}}})"},
    {"Gemini: the thoughts beside the output", "gemini",
     R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]},
         "finishReason":"STOP"}],"modelVersion":"m","responseId":"r",
         "usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":40,
         "candidatesTokenCount":10,"thoughtsTokenCount":20,"totalTokenCount":130}})"},
};

// The same in every format that there is: 100 tokens in, 30 out, none of them of a special kind.
const Told plain[] = {
    {"OpenAI", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130}})"},
    {"OpenAI's older completions", "completions",
     R"({"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,
         "text":"x","logprobs":null,"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130}})"},
    {"Responses", "responses",
     R"({"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m",
         "output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed",
         "content":[{"type":"output_text","text":"x","annotations":[]}]}],
         "usage":{"input_tokens":100,"output_tokens":30,"total_tokens":130}})"},
    {"Anthropic", "anthropic",
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m",
         "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":100,"output_tokens":30}})"},
    {"Gemini", "gemini",
     R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]},
         "finishReason":"STOP"}],"modelVersion":"m","responseId":"r",
         "usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":30,
         "totalTokenCount":130}})"},
    {"Cohere: what is billed, not what was processed", "cohere",
     R"({"id":"c","finish_reason":"COMPLETE","message":{"role":"assistant",
         "content":[{"type":"text","text":"x"}]},"usage":{
         "billed_units":{"input_tokens":100,"output_tokens":30},
         "tokens":{"input_tokens":560,"output_tokens":31}}})"},
    {"DashScope", "dashscope",
     R"({"output":{"choices":[{"message":{"role":"assistant","content":"x"},
         "finish_reason":"stop"}]},"usage":{"input_tokens":100,"output_tokens":30,
         "total_tokens":130},"request_id":"r"})"},
    {"Bedrock", "bedrock",
     R"({"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},
         "stopReason":"end_turn","usage":{"inputTokens":100,"outputTokens":30,
         "totalTokens":130}})"},
    {"Ollama", "ollama",
     R"({"model":"m","created_at":"2026-01-02T03:04:05Z","message":{"role":"assistant",
         "content":"x"},"done":true,"done_reason":"stop","prompt_eval_count":100,
         "eval_count":30})"},
    {"Spark", "spark",
     R"({"header":{"code":0,"message":"Success","sid":"s","status":2},"payload":{
         "choices":{"status":2,"seq":0,"text":[{"content":"x","role":"assistant","index":0}]},
         "usage":{"text":{"question_tokens":4,"prompt_tokens":100,"completion_tokens":30,
         "total_tokens":130}}}})"},
};

// 60 tokens fresh, 40 from the cache, 30 written to it for five minutes, 10 of text.
const Told written[] = {
    {"OpenAI: within the prompt", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":130,"completion_tokens":10,"total_tokens":140,
         "prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":30}}})"},
    {"DashScope as OpenAI", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":130,"completion_tokens":10,"total_tokens":140,
         "prompt_tokens_details":{"cached_tokens":40,"cache_creation_input_tokens":30}}})"},
    {"DashScope", "dashscope",
     R"({"output":{"choices":[{"message":{"role":"assistant","content":"x"},
         "finish_reason":"stop"}]},"usage":{"input_tokens":130,"output_tokens":10,
         "total_tokens":140,"prompt_tokens_details":{"cached_tokens":40,
         "cache_creation_input_tokens":30}},"request_id":"r"})"},
    {"Anthropic: beside the input, by its total", "anthropic",
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m",
         "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":60,"cache_read_input_tokens":40,
         "cache_creation_input_tokens":30,"output_tokens":10}})"},
    {"Anthropic: a split that tells of the first of two iterations only", "anthropic",
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m",
         "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":60,"cache_read_input_tokens":40,
         "cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":20,
         "ephemeral_1h_input_tokens":0},"output_tokens":10}})"},
    {"Bedrock: beside the input", "bedrock",
     R"({"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},
         "stopReason":"end_turn","usage":{"inputTokens":60,"outputTokens":10,"totalTokens":140,
         "cacheReadInputTokens":40,"cacheWriteInputTokens":30}})"},
};

// The same, but written for an hour.
const Told written_for_an_hour[] = {
    {"Anthropic", "anthropic",
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m",
         "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":60,"cache_read_input_tokens":40,
         "cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":0,
         "ephemeral_1h_input_tokens":30},"output_tokens":10}})"},
    {"Bedrock", "bedrock",
     R"({"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},
         "stopReason":"end_turn","usage":{"inputTokens":60,"outputTokens":10,"totalTokens":140,
         "cacheReadInputTokens":40,"cacheWriteInputTokens":30,
         "cacheDetails":[{"ttl":"1h","inputTokens":30}]}})"},
};

// 60 tokens of text, 25 of sound and 15 of a picture in; 10 of text and 8 of sound out.
const Told media[] = {
    {"OpenAI", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":100,"completion_tokens":18,"total_tokens":118,
         "prompt_tokens_details":{"audio_tokens":25,"image_tokens":15},
         "completion_tokens_details":{"audio_tokens":8}}})"},
    {"Gemini", "gemini",
     R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]},
         "finishReason":"STOP"}],"modelVersion":"m","responseId":"r",
         "usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":18,"totalTokenCount":118,
         "promptTokensDetails":[{"modality":"TEXT","tokenCount":60},
         {"modality":"AUDIO","tokenCount":25},{"modality":"IMAGE","tokenCount":15}],
         "candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":8}]}})"},
};

// Three searches of the web.
const Told searches[] = {
    {"Anthropic", "anthropic",
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m",
         "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":60,"output_tokens":30,
         "server_tool_use":{"web_search_requests":3,"web_fetch_requests":9}}})"},
    {"Responses: a page that is opened is no search", "responses",
     R"({"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m",
         "output":[
         {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"a"}},
         {"type":"web_search_call","id":"ws_2","status":"completed","action":{"type":"open_page","url":"u"}},
         {"type":"web_search_call","id":"ws_3","status":"completed","action":{"type":"search","query":"b"}},
         {"type":"web_search_call","id":"ws_4","status":"completed"},
         {"type":"message","id":"msg_1","role":"assistant","status":"completed",
         "content":[{"type":"output_text","text":"x","annotations":[]}]}],
         "usage":{"input_tokens":60,"output_tokens":30,"total_tokens":90}})"},
    {"Gemini: every question that was put", "gemini",
     R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]},
         "groundingMetadata":{"webSearchQueries":["a","b","c"]},
         "finishReason":"STOP"}],"modelVersion":"m","responseId":"r",
         "usageMetadata":{"promptTokenCount":60,"candidatesTokenCount":30,"totalTokenCount":90}})"},
    {"Gemini: questions told behind the figures, again and again", "gemini",
     R"([{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]}}],
          "modelVersion":"gemini-3-flash-preview","responseId":"r",
          "usageMetadata":{"promptTokenCount":60,"candidatesTokenCount":30,"totalTokenCount":90}},
         {"candidates":[{"index":0,"groundingMetadata":{"webSearchQueries":["a"]}}]},
         {"candidates":[{"index":0,"groundingMetadata":{"webSearchQueries":["a","b","c"]},
          "finishReason":"STOP"}]}])"},
    {"Gemini: questions told before the figures", "gemini",
     R"([{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]},
          "groundingMetadata":{"webSearchQueries":["a","b","c"]}}],"modelVersion":"m"},
         {"candidates":[{"index":0,"finishReason":"STOP"}],
          "usageMetadata":{"promptTokenCount":60,"candidatesTokenCount":30,"totalTokenCount":90}}])"},
    {"Perplexity", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":60,"completion_tokens":30,"total_tokens":90,
         "num_search_queries":3}})"},
    {"xAI", "openai",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":60,"completion_tokens":30,"total_tokens":90,
         "num_sources_used":3}})"},
};

std::optional<llm::Usage> usage_of(const Told& told) {
    const auto* wire = wire::find(told.wire);
    REQUIRE(wire != nullptr);
    auto reader = wire->new_reader({});
    std::vector<llm::ReplyEvent> events;
    auto fed = reader->feed(told.reply, events);
    REQUIRE(fed);
    auto ended = reader->finish(events);
    REQUIRE(ended);
    std::optional<llm::Usage> usage;
    for (const auto& event : events)
        if (const auto* report = std::get_if<llm::UsageReport>(&event.what))
            usage = report->usage;
    return usage;
}

}  // namespace

TEST_CASE("the same counts give the same charge, however they are reported", "[metering]") {
    llm::Price price;
    price.input = Money::dollars(2);
    price.output = Money::dollars(8);
    price.cache_read = Money::nanos(500'000'000);
    price.reasoning = Money::dollars(5);
    auto& tier = price.tiers.emplace_back();
    tier.above = 99;
    tier.prices.input = Money::dollars(3);
    tier.prices.output = Money::dollars(9);
    tier.prices.cache_read = Money::dollars(1);
    tier.prices.reasoning = Money::dollars(6);
    // 60 at 3 dollars, 40 at 1, 10 at 9, 20 at 6.
    const auto expected = Money::nanos(180'000 + 40'000 + 90'000 + 120'000);
    for (const auto& told : tellings) {
        INFO(told.provider);
        auto usage = usage_of(told);
        REQUIRE(usage);
        CHECK(usage->input == 60);
        CHECK(usage->cache_read == 40);
        CHECK(usage->output == 10);
        CHECK(usage->reasoning == 20);
        CHECK(llm::cost_of(price, *usage) == expected);
    }
}

TEST_CASE("each kind of token is told apart and charged alike, whoever counts it", "[metering]") {
    // Every kind has a price of its own, so that none can stand in for another.
    llm::Price price;
    price.input = Money::dollars(2);
    price.output = Money::dollars(8);
    price.cache_read = Money::dollars(1);
    price.cache_write_5m = Money::dollars(3);
    price.cache_write_1h = Money::dollars(4);
    price.audio_in = Money::dollars(11);
    price.image_in = Money::dollars(13);
    price.audio_out = Money::dollars(17);
    auto check_all = [&price](std::span<const Told> all, const llm::Usage& counts,
                              std::int64_t microdollars) {
        for (const auto& told : all) {
            INFO(told.provider);
            auto usage = usage_of(told);
            REQUIRE(usage);
            CHECK(*usage == counts);
            CHECK(llm::cost_of(price, *usage) == Money::nanos(microdollars * 1000));
        }
    };
    llm::Usage counts;
    counts.input = 100;
    counts.output = 30;
    check_all(plain, counts, 100 * 2 + 30 * 8);
    CHECK(std::size(plain) == wire::all().size());
    counts = {};
    counts.input = 60;
    counts.cache_read = 40;
    counts.cache_write_5m = 30;
    counts.output = 10;
    check_all(written, counts, 60 * 2 + 40 * 1 + 30 * 3 + 10 * 8);
    std::swap(counts.cache_write_5m, counts.cache_write_1h);
    check_all(written_for_an_hour, counts, 60 * 2 + 40 * 1 + 30 * 4 + 10 * 8);
    counts = {};
    counts.input = 60;
    counts.audio_in = 25;
    counts.image_in = 15;
    counts.output = 10;
    counts.audio_out = 8;
    check_all(media, counts, 60 * 2 + 25 * 11 + 15 * 13 + 10 * 8 + 8 * 17);
}

TEST_CASE("searches of the web cost the same, however they are told", "[metering]") {
    llm::Price price;
    price.input = Money::dollars(1);
    price.output = Money::dollars(1);
    price.per_search = Money::dollars(10'000);  // a cent for one
    for (const auto& told : searches) {
        INFO(told.provider);
        auto usage = usage_of(told);
        REQUIRE(usage);
        CHECK(usage->searches == 3);
        CHECK(llm::cost_of(price, *usage) == Money::nanos(30'000'000 + 90'000));
    }
}

TEST_CASE("a prompt to Gemini 2.5 is one search, however often it searches", "[metering]") {
    auto asked = [](const std::string& model, const std::string& questions) {
        auto reply =
            R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"x"}]},
                "groundingMetadata":{"webSearchQueries":[)" +
            questions + R"(]},"finishReason":"STOP"}],"modelVersion":")" + model +
            R"(","usageMetadata":{"promptTokenCount":1,"totalTokenCount":1}})";
        return usage_of({"Gemini", "gemini", reply.c_str()})->searches;
    };
    for (auto model : {"gemini-2.5-flash", "models/gemini-2.5-pro", "gemini-2.0-flash-001"}) {
        CHECK(asked(model, R"("a","b","c")") == 1);
        CHECK(asked(model, "") == 0);
    }
    CHECK(asked("gemini-3-pro-preview", R"("a","b","c")") == 3);
}
