#include "core/llm/openai_usage.hpp"
#include "core/wire/json.hpp"
#include "core/wire/json_objects.hpp"
#include "core/wire/reply_error.hpp"
#include "core/wire/sequence.hpp"
#include "core/wire/spark.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::int64_t last_status = 2;

/// What a number of iFlytek's means, in a word that reply_error() knows.
std::string_view word_of(std::int64_t code) {
    switch (code) {
    case 10013:
    case 10014:
    case 10019:
        return "content_filter";
    case 10907:
        return "context_length";
    case 11200:
    case 11201:
        return "insufficient_quota";
    case 10007:
    case 10008:
    case 11202:
    case 11203:
        return "rate_limit";
    default:
        return {};
    }
}

class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options) : objects_(options.event_bytes_max) {}

    Result<void> feed(std::string_view bytes, Events& out) override {
        return objects_.feed(bytes, [&](std::string_view object) { return take(object, out); });
    }

    Result<void> finish(Events&) override {
        if (ended_ && !objects_.inside())
            return ok();
        return fail(Code::upstream_failed, "the reply ended before its last message");
    }

private:
    Result<void> take(std::string_view text, Events& out) {
        if (ended_)
            return ok();
        auto message = parse_json(text);
        if (!message)
            return fail(Code::upstream_failed,
                        "a message of the reply: " + message.error().message);
        const auto* header = member(*message, "header");
        if (header == nullptr || !header->is_object())
            return fail(Code::upstream_failed, "a message of the reply has no header");
        if (auto code = int_in(*header, "code").value_or(0); code != 0) {
            sequence_.close(out);
            auto said = string_in(*header, "message") + " (" + std::to_string(code) + ")";
            out.push_back({llm::Failed{reply_error({}, word_of(code), said)}});
            ended_ = true;
            return ok();
        }
        begin(*header, out);
        if (const auto* payload = member(*message, "payload"))
            take_payload(*payload, out);
        if (int_in(*header, "status") == last_status)
            end(*message, out);
        return ok();
    }

    void begin(const Json& header, Events& out) {
        if (std::exchange(begun_, true))
            return;
        llm::Begun begun;
        begun.id = string_in(header, "sid");
        out.push_back({std::move(begun)});
    }

    void take_payload(const Json& payload, Events& out) {
        const auto* choices = member(payload, "choices");
        const auto* texts = choices == nullptr ? nullptr : member(*choices, "text");
        if (texts == nullptr || !texts->is_array())
            return;
        for (const auto& text : *texts) {
            sequence_.thinking(string_in(text, "reasoning_content"), out);
            sequence_.text(string_in(text, "content"), out);
            if (const auto* call = member(text, "function_call"))
                take_call(*call, out);
        }
    }

    /// It comes whole, and without an id.
    void take_call(const Json& call, Events& out) {
        auto name = string_in(call, "name");
        if (name.empty())
            return;
        sequence_.begin_call({}, std::move(name), out);
        const auto* arguments = member(call, "arguments");
        if (arguments != nullptr)
            sequence_.arguments(arguments->is_string() ? arguments->get<std::string>()
                                                       : json_text(*arguments),
                                out);
    }

    void end(const Json& message, Events& out) {
        ended_ = true;
        sequence_.close(out);
        const auto* payload = member(message, "payload");
        const auto* usage = payload == nullptr ? nullptr : member(*payload, "usage");
        const auto* figures = usage == nullptr ? nullptr : member(*usage, "text");
        if (figures != nullptr) {
            auto raw = json_text(*figures);
            if (auto counts = llm::parse_openai_usage(raw))
                out.push_back({llm::UsageReport{*counts, std::move(raw)}});
        }
        // Whether it was cut at the limit is not told.
        auto reason = sequence_.called() ? llm::Finish::tool_calls : llm::Finish::stop;
        out.push_back({llm::Finished{reason}});
    }

    JsonObjects objects_;
    Sequence sequence_;
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> new_spark_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

}  // namespace obliv::wire
