#include "core/llm/openai_usage.hpp"

#include <catch2/catch.hpp>

using namespace obliv::llm;

TEST_CASE("parts are taken out of their totals", "[llm]") {
    auto usage =
        parse_openai_usage(R"({"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
        "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":5},
        "completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":4,"accepted_prediction_tokens":0}})");
    REQUIRE(usage);
    CHECK(usage->input == 25);
    CHECK(usage->cache_read == 60);
    CHECK(usage->cache_write_5m == 10);
    CHECK(usage->audio_in == 5);
    CHECK(usage->output == 16);
    CHECK(usage->reasoning == 30);
    CHECK(usage->audio_out == 4);
    CHECK(usage->input_all() == 100);
    CHECK(usage->output_all() == 50);
}

TEST_CASE("the hosts' own names for cached input are known", "[llm]") {
    CHECK(
        parse_openai_usage(
            R"({"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6})")
            ->cache_read == 4);
    CHECK(parse_openai_usage(R"({"prompt_tokens":10,"completion_tokens":1,"cached_tokens":4})")
              ->cache_read == 4);
    CHECK(parse_openai_usage(
              R"({"prompt_tokens":10,"prompt_tokens_details":{"cache_creation_input_tokens":3}})")
              ->cache_write_5m == 3);
}

TEST_CASE("parts that exceed their total do not become negative tokens", "[llm]") {
    auto usage = parse_openai_usage(
        R"({"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":9},
        "completion_tokens_details":{"reasoning_tokens":3}})");
    REQUIRE(usage);
    CHECK(usage->input == 0);
    CHECK(usage->cache_read == 9);
    CHECK(usage->output == 0);
    CHECK(usage->reasoning == 3);
}

TEST_CASE("thought that is counted beside the completion is not taken out of it", "[llm]") {
    auto usage = parse_openai_usage(
        R"({"prompt_tokens":12,"completion_tokens":2,"total_tokens":334,
        "prompt_tokens_details":{"text_tokens":8,"image_tokens":2,"cached_tokens":2},
        "completion_tokens_details":{"reasoning_tokens":320}})");
    REQUIRE(usage);
    CHECK(usage->input == 8);
    CHECK(usage->image_in == 2);
    CHECK(usage->input_all() == 12);
    CHECK(usage->output == 2);
    CHECK(usage->reasoning == 320);
    CHECK(usage->output_all() == 322);
}

TEST_CASE("an image from the cache is not counted twice", "[llm]") {
    auto usage = parse_openai_usage(
        R"({"prompt_tokens":265,"completion_tokens":1,
        "prompt_tokens_details":{"text_tokens":9,"image_tokens":256,"cached_tokens":162}})");
    REQUIRE(usage);
    CHECK(usage->cache_read == 162);
    CHECK(usage->image_in == 103);
    CHECK(usage->input == 0);
    CHECK(usage->input_all() == 265);
}

TEST_CASE("null details and unknown fields are no obstacle", "[llm]") {
    auto usage = parse_openai_usage(
        R"({"queue_time":0.1,"prompt_tokens":3,"completion_tokens":0,"prompt_tokens_details":null,"x":[{}]})");
    REQUIRE(usage);
    CHECK(usage->input == 3);
    CHECK(usage->output == 0);
}

TEST_CASE("what is no report of counts is no usage", "[llm]") {
    CHECK(!parse_openai_usage("{}"));
    CHECK(!parse_openai_usage("null"));
    CHECK(!parse_openai_usage(""));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":-5,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":"5","completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":1.5,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":99999999999999999999,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":9000000000000,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":null,"completion_tokens":null})"));
    CHECK(!parse_openai_usage(
        R"({"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-1}})"));
}

TEST_CASE("a total alone was all input: embeddings and rankings of some hosts", "[llm]") {
    auto usage = parse_openai_usage(R"({"total_tokens":26})");
    REQUIRE(usage);
    CHECK(usage->input == 26);
    CHECK(usage->output_all() == 0);
}
