#include "core/base/random.hpp"
#include "core/wire/openai.hpp"
#include "tests/unit/wire/building.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;

namespace {

/// Makes requests with anything that the format can say, by chance.
class Maker {
public:
    explicit Maker(std::uint64_t seed) : random_(seed) {}

    llm::ChatRequest request() {
        llm::ChatRequest out;
        out.wire = "openai";
        out.model = word();
        for (auto turns = 1 + random_.below(5); turns > 0; --turns)
            add_turn(out);
        for (auto tools = random_.below(3); tools > 0; --tools)
            out.tools.push_back(tool());
        add_choice(out);
        add_sampling(out);
        add_rest(out);
        return out;
    }

private:
    bool chance() { return random_.below(2) == 0; }

    std::string word() {
        static const std::vector<std::string> words{
            "a",           "Z9",        "caf\xC3\xA9", "\xF0\x9F\x98\x80",
            "line\nbreak", "quote\"\\", "\x01",        "[x]"};
        std::string out = words[random_.below(words.size())];
        while (chance())
            out += words[random_.below(words.size())];
        return out;
    }

    std::string name() { return "n" + std::to_string(random_.below(1000)); }

    llm::Part part() {
        switch (random_.below(6)) {
        case 0:
            return {png("AAAA" + name())};
        case 1: {
            auto image = media(llm::Media::Kind::image, llm::Media::Source::url, "https://x.test/");
            image.detail = chance() ? "high" : "";
            return {image};
        }
        case 2: {
            auto sound = media(llm::Media::Kind::audio, llm::Media::Source::base64, name());
            sound.media_type = chance() ? "audio/wav" : "audio/mp3";
            return {sound};
        }
        case 3: {
            auto file = media(llm::Media::Kind::document, llm::Media::Source::base64, name());
            file.media_type = "application/pdf";
            file.name = name();
            return {file};
        }
        case 4: {
            llm::Part cached{llm::Text{word()}};
            cached.cache_ttl = chance() ? "5m" : "1h";
            return cached;
        }
        default:
            return {llm::Text{word()}};
        }
    }

    void add_turn(llm::ChatRequest& out) {
        auto kind = random_.below(3);
        if (kind == 0) {
            out.messages.push_back(
                says(chance() ? llm::Role::system : llm::Role::developer, word()));
        } else if (kind == 1) {
            auto message = says(llm::Role::user);
            for (auto parts = 1 + random_.below(3); parts > 0; --parts)
                message.content.push_back(part());
            message.name = chance() ? name() : "";
            out.messages.push_back(message);
        } else {
            add_calls(out);
        }
    }

    void add_calls(llm::ChatRequest& out) {
        auto message = says(llm::Role::assistant);
        if (chance())
            message.content.push_back({llm::Thinking{word()}});
        message.content.push_back({llm::Text{word()}});
        std::vector<llm::Message> results;
        for (auto calls = random_.below(3); calls > 0; --calls) {
            llm::ToolCall call{name() + std::to_string(calls), name(), "{\"k\":1}"};
            call.custom = chance();
            if (chance())
                call.proof = {"gemini", name()};
            auto result = says(llm::Role::tool);
            result.content.push_back(result_of(call.id, {word()}));
            results.push_back(result);
            message.content.push_back({call});
        }
        out.messages.push_back(message);
        out.messages.insert(out.messages.end(), results.begin(), results.end());
    }

    llm::Tool tool() {
        auto out = function_tool(name(), R"({"type":"object","properties":{"z":{},"a":{}}})");
        out.description = chance() ? word() : "";
        if (chance())
            out.strict = chance();
        return out;
    }

    void add_choice(llm::ChatRequest& out) {
        using Kind = llm::ToolChoice::Kind;
        out.tool_choice.kind = static_cast<Kind>(random_.below(5));
        if (out.tool_choice.kind == Kind::named)
            out.tool_choice.name = name();
        bool listed =
            out.tool_choice.kind == Kind::automatic || out.tool_choice.kind == Kind::required;
        if (listed && chance())
            out.tool_choice.allowed = {name(), name()};
        if (chance())
            out.parallel_tool_calls = chance();
    }

    double number() { return static_cast<double>(random_.below(200)) / 100; }

    void add_sampling(llm::ChatRequest& out) {
        auto& sampling = out.sampling;
        if (chance())
            sampling.temperature = number();
        if (chance())
            sampling.top_p = number();
        if (chance())
            sampling.top_k = static_cast<std::int64_t>(random_.below(50));
        if (chance())
            sampling.frequency_penalty = -number();
        if (chance())
            sampling.seed = static_cast<std::int64_t>(random_.below(1U << 30));
        for (auto stops = random_.below(3); stops > 0; --stops)
            sampling.stop.push_back(word());
        add_limits(out);
    }

    void add_limits(llm::ChatRequest& out) {
        auto& sampling = out.sampling;
        if (chance())
            sampling.logprobs = true;
        if (chance())
            sampling.logit_bias = R"({"1":-5})";
        if (chance())
            out.reasoning.effort = "high";
        if (chance())
            out.output_tokens_max = static_cast<std::int64_t>(1 + random_.below(9999));
        out.choices = static_cast<std::int64_t>(1 + random_.below(3));
    }

    void add_rest(llm::ChatRequest& out) {
        using Kind = llm::ResponseFormat::Kind;
        out.response_format.kind = static_cast<Kind>(random_.below(4));
        if (out.response_format.kind == Kind::json_schema) {
            out.response_format.name = name();
            out.response_format.schema = R"({"type":"object"})";
            out.response_format.strict = true;
        }
        out.stream = chance();
        out.usage_in_stream = out.stream && chance();
        out.user = chance() ? name() : "";
        out.metadata = chance() ? R"({"a":"b"})" : "";
        out.verbosity = chance() ? "low" : "";
        if (chance())
            out.extras = {{"x_" + name(), R"({"any":[1,2.5,"x"]})"}};
    }

    Random random_;
};

}  // namespace

TEST_CASE("any request that is written is read back as it was", "[wire]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    Maker maker(seed);
    for (int i = 0; i < 1000; ++i) {
        auto request = maker.request();
        auto written = wire::openai.write_request(request, {});
        REQUIRE(written);
        INFO(written->body);
        CHECK(written->losses.empty());
        auto read = wire::openai.read_request({written->body});
        if (!read)
            FAIL(read.error().message);
        REQUIRE(*read == request);
    }
}
