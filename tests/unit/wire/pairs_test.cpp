// For each pair of formats: a client's request, converted for the other format and read back there,
// still asks for the same, but for what was reported as lost.
#include "core/base/random.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/wire.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/naive.hpp"
#include "tests/unit/wire/native_forms.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <sstream>

using namespace obliv;
using namespace obliv::llm;
using namespace obliv::test;

namespace {

/// Requests made of what every format has a word for, and of settings that some have none for.
class Maker {
public:
    explicit Maker(std::uint64_t seed) : random_(seed) {}

    ChatRequest request() {
        ChatRequest out;
        out.model = "m";
        out.stream = chance();
        if (chance())
            out.messages.push_back(says(Role::system, word()));
        for (auto turns = random_.below(3); turns > 0; --turns) {
            out.messages.push_back(user());
            add_answer(out);
        }
        out.messages.push_back(user());
        if (chance())
            add_tools(out);
        add_sampling(out.sampling);
        if (chance())
            out.output_tokens_max = static_cast<std::int64_t>(1 + random_.below(4000));
        if (chance()) {
            out.response_format.kind = ResponseFormat::Kind::json_schema;
            out.response_format.name = "answer";
            out.response_format.schema = schema;
        }
        return out;
    }

private:
    static constexpr std::string_view schema =
        R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})";

    bool chance() { return random_.below(2) == 0; }

    std::string word() {
        constexpr std::string_view words[] = {
            "hello", "\xC3\xA4\xE2\x82\xAC", "\"quoted\"\\", "two\nlines", "{\"a\":1}",
            "<b>",   "\xF0\x9F\x98\x80"};
        std::string out(words[random_.below(std::size(words))]);
        return out + " " + std::to_string(random_.below(1000));
    }

    Message user() {
        auto message = says(Role::user, word());
        if (random_.below(4) == 0)
            message.content.push_back({png("iVBORw0KGgo=")});
        return message;
    }

    void add_answer(ChatRequest& out) {
        auto answer = says(Role::assistant, word());
        auto results = says(Role::tool);
        for (auto calls = random_.below(3); calls > 0; --calls) {
            auto id = "call" + std::to_string(number_++);
            answer.content.push_back({ToolCall{id, "f" + std::to_string(random_.below(3)),
                                               chance() ? "{}" : R"({"a":[1,"x"]})"}});
            results.content.push_back(result_of(id, {"said " + word()}));
        }
        out.messages.push_back(answer);
        if (!results.content.empty())
            out.messages.push_back(results);
    }

    void add_tools(ChatRequest& out) {
        for (int i = 0; i < 3; ++i) {
            auto tool = function_tool("f" + std::to_string(i), std::string(schema));
            tool.description = word();
            out.tools.push_back(tool);
        }
        constexpr ToolChoice::Kind kinds[] = {ToolChoice::Kind::unset, ToolChoice::Kind::required};
        out.tool_choice.kind = kinds[random_.below(2)];
    }

    void add_sampling(Sampling& out) {
        if (chance())
            out.temperature = static_cast<double>(random_.below(5)) / 4;
        if (chance())
            out.top_p = static_cast<double>(1 + random_.below(3)) / 4;
        if (chance())
            out.top_k = static_cast<std::int64_t>(1 + random_.below(50));
        if (chance())
            out.seed = static_cast<std::int64_t>(random_.below(1000));
        if (chance())
            out.frequency_penalty = 0.5;
        if (chance())
            out.presence_penalty = 0.25;
        for (auto stops = random_.below(3); stops > 0; --stops)
            out.stop.push_back("stop" + std::to_string(stops));
    }

    Random random_;
    int number_ = 0;
};

/// What a request asks for, a line for each thing: by kind, and a text that is the same in every
/// format.
class Lines {
public:
    explicit Lines(const ChatRequest& request) {
        for (const auto& message : request.messages)
            for (const auto& part : message.content)
                take(message.role, part);
        for (const auto& tool : request.tools)
            add("tool", tool.name + " " + tool.description + " " + normal_json(tool.parameters));
        if (request.tool_choice.kind == ToolChoice::Kind::required)
            add("choice", "required");
        const auto& sampling = request.sampling;
        number("temperature", sampling.temperature);
        number("top_p", sampling.top_p);
        number("top_k", sampling.top_k);
        number("seed", sampling.seed);
        number("frequency_penalty", sampling.frequency_penalty);
        number("presence_penalty", sampling.presence_penalty);
        number("output_tokens_max", request.output_tokens_max);
        for (const auto& stop : sampling.stop)
            add("stop", stop);
        if (!request.response_format.schema.empty())
            add("format", normal_json(request.response_format.schema));
    }

    void drop(const std::string& kind) {
        std::erase_if(lines_,
                      [&](const std::string& line) { return line.starts_with(kind + ":"); });
    }

    std::string text() const {
        std::string out;
        for (const auto& line : lines_)
            out += line + "\n";
        return out;
    }

private:
    void add(const std::string& kind, const std::string& text) {
        lines_.push_back(kind + ": " + text);
    }

    template <typename T>
    void number(const std::string& kind, const std::optional<T>& value) {
        std::ostringstream out;
        if (value)
            add(kind, (out << *value, out.str()));
    }

    void take(Role role, const Part& part) {
        if (const auto* text = std::get_if<Text>(&part.what)) {
            bool system = role == Role::system || role == Role::developer;
            add(system ? "system" : role == Role::assistant ? "assistant" : "user", text->text);
        } else if (const auto* media = std::get_if<Media>(&part.what)) {
            add("media", media->media_type + " " + media->data);
        } else if (const auto* call = std::get_if<ToolCall>(&part.what)) {
            // Ids may be made anew: a call is known by its place.
            auto place = calls_.size();
            calls_[call->id] = place;
            add("call", call->name + " " + normal_json(call->arguments));
        } else if (const auto* result = std::get_if<ToolResult>(&part.what)) {
            std::string said;
            for (const auto& inner : result->content)
                if (const auto* piece = std::get_if<Text>(&inner.what))
                    said += piece->text;
            add("result", "of " + std::to_string(calls_[result->call_id]) + " " + said);
        }
    }

    std::vector<std::string> lines_;
    std::map<std::string, std::size_t> calls_;
};

/// The lines that a loss takes away.
const std::map<std::string, wire::Term> terms{{"temperature", wire::Term::temperature},
                                              {"top_p", wire::Term::top_p},
                                              {"top_k", wire::Term::top_k},
                                              {"seed", wire::Term::seed},
                                              {"stop", wire::Term::stop},
                                              {"frequency_penalty", wire::Term::frequency_penalty},
                                              {"presence_penalty", wire::Term::presence_penalty},
                                              {"format", wire::Term::response_format}};

constexpr std::string_view fronts[] = {"openai", "anthropic", "gemini", "responses", "cohere"};

void check_pair(const wire::Wire& front, const wire::Wire& target, const ChatRequest& made) {
    auto body = front.write_request(made, {.top_k = true, .output_tokens_default = 4096});
    REQUIRE(body);
    auto asked = front.read_request({body->body, "m", made.stream, {}});
    if (!asked)
        FAIL(asked.error().message << "\n" << body->body);
    auto written = target.write_request(*asked, {.output_tokens_default = 4096});
    REQUIRE(written);
    INFO(front.name << " for " << target.name << "\n" << body->body << "\n" << written->body);
    auto again = target.read_request({written->body, "m", made.stream, {}});
    if (!again)
        FAIL(again.error().message);
    Lines before(*asked);
    Lines after(*again);
    for (const auto& [line, term] : terms)
        for (const auto& loss : written->losses)
            if (loss.field == wire::name_in(front.name, term))
                before.drop(line);
    // Anthropic has to be told a limit, others need none.
    if (!asked->output_tokens_max)
        after.drop("output_tokens_max");
    CHECK(after.text() == before.text());
    if (target.name != "responses" && front.name != target.name)
        CHECK(wrong_in(target.name, written->body) == "");
}

}  // namespace

TEST_CASE("a request asks for the same in every other format", "[wire]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    Maker maker(seed);
    for (int i = 0; i < 250; ++i) {
        auto made = maker.request();
        for (auto front : fronts)
            for (auto target : fronts) {
                made.wire = front;
                check_pair(*wire::find(front), *wire::find(target), made);
            }
    }
}
