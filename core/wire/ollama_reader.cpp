#include "core/base/time_format.hpp"
#include "core/wire/json.hpp"
#include "core/wire/json_objects.hpp"
#include "core/wire/ollama.hpp"
#include "core/wire/reply_error.hpp"
#include "core/wire/sequence.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

llm::Finish finish_of(std::string_view word, bool called) {
    if (word == "length")
        return llm::Finish::length;
    if (word == "stop" || word.empty())
        return called ? llm::Finish::tool_calls : llm::Finish::stop;
    return llm::Finish::other;  // `load`, `unload`: the model was only moved
}

std::int64_t seconds_of(const std::string& time) {
    auto parsed = parse_rfc3339(time);
    if (!parsed)
        return 0;
    return std::chrono::duration_cast<std::chrono::seconds>(parsed->time_since_epoch()).count();
}

std::int64_t count_in(const Json& value, std::string_view name) {
    return std::max<std::int64_t>(0, int_in(value, name).value_or(0));
}

/// Lines of a stream and the one object of a plain reply have the same form.
class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options)
        : objects_(options.stream ? options.event_bytes_max : options.body_bytes_max) {}

    Result<void> feed(std::string_view bytes, Events& out) override {
        return objects_.feed(bytes, [&](std::string_view object) { return take(object, out); });
    }

    Result<void> finish(Events&) override {
        if (ended_ && !objects_.inside())
            return ok();
        return fail(Code::upstream_failed, "the reply ended before the line that says it is done");
    }

private:
    Result<void> take(std::string_view text, Events& out) {
        if (ended_)
            return ok();
        auto parsed = parse_json(text);
        if (!parsed)
            return fail(Code::upstream_failed, "a line of the reply: " + parsed.error().message);
        const auto& line = *parsed;
        if (auto error = error_text(line); !error.empty()) {
            sequence_.close(out);
            out.push_back({llm::Failed{reply_error({}, {}, error)}});
            ended_ = true;
            return ok();
        }
        begin(line, out);
        if (const auto* message = member(line, "message"))
            take_message(*message, out);
        // `/api/generate` has no message.
        sequence_.thinking(string_in(line, "thinking"), out);
        sequence_.text(string_in(line, "response"), out);
        if (const auto* logprobs = member(line, "logprobs"); logprobs && logprobs->is_array())
            sequence_.add(llm::LogProbs{json_text(*logprobs)}, out);
        if (true_in(line, "done"))
            end(line, out);
        return ok();
    }

    static std::string error_text(const Json& line) {
        const auto* error = member(line, "error");
        if (error == nullptr)
            return {};
        return error->is_string() ? error->get<std::string>() : json_text(*error);
    }

    void begin(const Json& line, Events& out) {
        if (begun_)
            return;
        begun_ = true;
        llm::Begun begun;
        begun.model = string_in(line, "model");
        begun.created = seconds_of(string_in(line, "created_at"));
        out.push_back({std::move(begun)});
    }

    void take_message(const Json& message, Events& out) {
        sequence_.thinking(string_in(message, "thinking"), out);
        sequence_.text(string_in(message, "content"), out);
        const auto* calls = member(message, "tool_calls");
        if (calls == nullptr || !calls->is_array())
            return;
        for (const auto& call : *calls) {
            const auto* function = member(call, "function");
            if (function == nullptr)
                continue;
            sequence_.begin_call(string_in(call, "id"), string_in(*function, "name"), out);
            if (const auto* arguments = member(*function, "arguments"))
                sequence_.arguments(json_text(*arguments), out);
        }
    }

    /// A prompt that the server had at hand is not counted: its figure is then missing.
    void end(const Json& line, Events& out) {
        sequence_.close(out);
        llm::Usage usage;
        usage.input = count_in(line, "prompt_eval_count");
        usage.output = count_in(line, "eval_count");
        if (member(line, "prompt_eval_count") || member(line, "eval_count")) {
            Json raw = Json::object();
            for (const char* name : {"prompt_eval_count", "eval_count"})
                if (const auto* count = member(line, name))
                    raw[name] = *count;
            out.push_back({llm::UsageReport{usage, json_text(raw)}});
        }
        auto word = string_in(line, "done_reason");
        out.push_back({llm::Finished{finish_of(word, sequence_.called()), word}});
        ended_ = true;
    }

    JsonObjects objects_;
    Sequence sequence_;
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> new_ollama_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

}  // namespace obliv::wire
