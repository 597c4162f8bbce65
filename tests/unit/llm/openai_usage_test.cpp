#include "core/llm/openai_usage.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <random>
#include <string>

using namespace obliv::llm;
using Json = nlohmann::ordered_json;

namespace {

/// A report with anything in it that may be in one, and now and then what must not be.
class Reports {
public:
    explicit Reports(std::mt19937& random) : random_(random) {}

    Json next() {
        constexpr std::array<std::string_view, 8> names{
            "prompt_tokens", "completion_tokens", "total_tokens", "num_search_queries",
            "input_tokens",  "queue_time",        "cost",         "x"};
        auto report = object(names);
        if (below(2) == 0)
            report["prompt_tokens_details"] = details();
        if (below(2) == 0)
            report["completion_tokens_details"] = details();
        return report;
    }

private:
    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }
    Json details() {
        constexpr std::array<std::string_view, 6> names{"cached_tokens", "audio_tokens",
                                                        "image_tokens",  "reasoning_tokens",
                                                        "text_tokens",   "cache_write_tokens"};
        return below(6) == 0 ? Json(nullptr) : object(names);
    }
    template <std::size_t count>
    Json object(const std::array<std::string_view, count>& names) {
        auto out = Json::object();
        for (auto left = below(count); left > 0; --left) {
            auto name = names[below(count)];
            bool counts = name.find("tokens") != name.npos || name.starts_with("num");
            out[std::string(name)] = counts ? count_() : anything();
        }
        return out;
    }
    Json count_() {
        if (below(60) == 0)
            return anything();
        return below(8) == 0 ? Json(nullptr) : Json(below(2) == 0 ? below(9) : below(2'000'000));
    }
    Json anything() {
        switch (below(6)) {
        case 0:
            return 0.25;
        case 1:
            return -3;
        case 2:
            return "a, \"prompt_tokens\":7}";
        case 3:
            return Json::array({1, "]", Json::object()});
        case 4:
            return 1'000'000'000'001;
        default:
            return true;
        }
    }

    std::mt19937& random_;
};

/// What is told of a count; nothing: it is no count.
struct Told {
    const Json& report;
    bool broken = false;

    std::int64_t count(const Json& object, std::string_view name, std::int64_t otherwise) {
        if (!object.is_object() || !object.contains(name) || object[std::string(name)].is_null())
            return otherwise;
        const auto& value = object[std::string(name)];
        bool good = value.is_number_integer() && value >= 0 && value <= 1'000'000'000'000;
        broken = broken || !good;
        return good ? value.get<std::int64_t>() : otherwise;
    }
    const Json& details(const char* name) {
        static const Json none = Json::object();
        return report.contains(name) ? report[name] : none;
    }
};

/// What parse_openai_usage() promises, from a document.
std::optional<Usage> usage_by_document(const Json& report) {
    Told told{report};
    const auto& in = told.details("prompt_tokens_details");
    const auto& out = told.details("completion_tokens_details");
    auto prompt = told.count(report, "prompt_tokens", -1);
    auto completion = told.count(report, "completion_tokens", -1);
    auto total = told.count(report, "total_tokens", -1);
    Usage usage;
    usage.cache_read = told.count(in, "cached_tokens", 0);
    usage.cache_write_5m = told.count(in, "cache_write_tokens", 0);
    usage.audio_in = told.count(in, "audio_tokens", 0);
    auto images = told.count(in, "image_tokens", 0);
    usage.reasoning = told.count(out, "reasoning_tokens", 0);
    usage.audio_out = told.count(out, "audio_tokens", 0);
    usage.searches = told.count(report, "num_search_queries", 0);
    if (prompt < 0 && completion < 0)
        prompt = total;
    if (told.broken || (prompt < 0 && completion < 0))
        return std::nullopt;
    prompt = std::max<std::int64_t>(0, prompt);
    completion = std::max<std::int64_t>(0, completion);
    auto fresh = std::max<std::int64_t>(0, prompt - usage.cache_read - usage.cache_write_5m -
                                               usage.audio_in);
    usage.image_in = std::min(images, fresh);
    usage.input = fresh - usage.image_in;
    bool beside =
        usage.reasoning > 0 && total >= 0 && total == prompt + completion + usage.reasoning;
    usage.output =
        std::max<std::int64_t>(0, completion - (beside ? 0 : usage.reasoning) - usage.audio_out);
    return usage;
}

}  // namespace

TEST_CASE("a report is read as its document says, however it is written", "[llm]") {
    auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    Reports reports(random);
    std::size_t read = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto report = reports.next();
        auto expected = usage_by_document(report);
        read += expected ? 1 : 0;
        for (int indent : {-1, 0, 3}) {
            auto text = report.dump(indent);
            if (parse_openai_usage(text) != expected) {
                CAPTURE(text);
                FAIL("the two disagree");
            }
        }
    }
    CHECK(read > 10'000);
    CHECK(read < 20'000);
}

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
    CHECK(!parse_openai_usage(R"({"prompt_tokens":07,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":7x,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":+7,"completion_tokens":2})"));
    CHECK(!parse_openai_usage(R"({"prompt_tokens":{"completion_tokens":2}})"));
    CHECK(!parse_openai_usage(R"(["prompt_tokens",7])"));
    CHECK(!parse_openai_usage(
        R"({"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-1}})"));
}

TEST_CASE("a report tells where it ends, and one that does not end tells nothing", "[llm]") {
    const std::string report =
        R"({"prompt_tokens":116,"prompt_tokens_details":{"cached_tokens":11},"completion_tokens":50})";
    std::size_t end = 0;
    REQUIRE(parse_openai_usage(report + R"(,"prompt_tokens":7})", &end));
    CHECK(end == report.size());
    for (std::size_t length = 0; length < report.size(); ++length) {
        INFO(length);
        CHECK_FALSE(parse_openai_usage(std::string_view(report).substr(0, length), &end));
        CHECK(end == std::string_view::npos);
    }
    CHECK_FALSE(parse_openai_usage(R"({"prompt_tokens":"5"})", &end));
    CHECK(end == 21);
}

TEST_CASE("a total alone was all input: embeddings and rankings of some hosts", "[llm]") {
    auto usage = parse_openai_usage(R"({"total_tokens":26})");
    REQUIRE(usage);
    CHECK(usage->input == 26);
    CHECK(usage->output_all() == 0);
}
