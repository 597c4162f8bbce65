#include "core/wire/dashscope.hpp"
#include "core/wire/frames.hpp"
#include "core/wire/json.hpp"
#include "core/wire/openai_choice.hpp"
#include "core/wire/reply_error.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using Events = std::vector<llm::ReplyEvent>;

std::int64_t count_in(const Json& value, std::string_view name) {
    return std::max<std::int64_t>(0, int_in(value, name).value_or(0));
}

/// A count that lies in the object `details`, if there is one.
std::int64_t detail_in(const Json& usage, std::string_view details, std::string_view name) {
    const auto* object = member(usage, details);
    return object == nullptr ? 0 : count_in(*object, name);
}

/// `input_tokens` includes what was cached; whether it includes pictures and sound shows where it
/// is less than they are.
llm::Usage usage_of(const Json& said) {
    llm::Usage usage;
    usage.cache_read = std::max(detail_in(said, "prompt_tokens_details", "cached_tokens"),
                                detail_in(said, "input_tokens_details", "cached_tokens"));
    usage.cache_write_5m = detail_in(said, "prompt_tokens_details", "cache_creation_input_tokens");
    auto fresh = count_in(said, "input_tokens") - usage.cache_read - usage.cache_write_5m;
    fresh = std::max<std::int64_t>(0, fresh);
    usage.image_in = count_in(said, "image_tokens");
    usage.audio_in = count_in(said, "audio_tokens");
    auto media = usage.image_in + usage.audio_in;
    usage.input = media <= fresh ? fresh - media : fresh;
    auto output = count_in(said, "output_tokens");
    usage.reasoning =
        std::min(output, detail_in(said, "output_tokens_details", "reasoning_tokens"));
    usage.output = output - usage.reasoning;
    return usage;
}

/// Events of a stream and the document of a plain reply have the same form, whose choices are
/// OpenAI's, but that `message` stands for a delta too.
class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options)
        : frames_(options.event_bytes_max, options.body_bytes_max),
          held_bytes_max_(options.event_bytes_max) {}

    Result<void> feed(std::string_view bytes, Events& out) override {
        return frames_.feed(bytes, [&](const Frame& frame) { return take(frame, out); });
    }

    Result<void> finish(Events& out) override {
        auto left = frames_.finish([&](const Frame& frame) { return take(frame, out); });
        if (!left || failed_)
            return left;
        if (!finished_)
            return fail(Code::upstream_failed, "the provider's reply ended before it was complete");
        for (auto& [index, choice] : choices_)
            choice.close(out);
        return ok();
    }

private:
    Result<void> take(const Frame& frame, Events& out) {
        if (failed_)
            return ok();
        auto event = parse_json(frame.data);
        if (!event || !event->is_object())
            return fail(Code::upstream_failed, "the provider's reply is not one of DashScope's");
        auto code = string_in(*event, "code");
        if (frame.event == "error" || !code.empty()) {
            failed_ = true;
            out.push_back({llm::Failed{reply_error({}, code, string_in(*event, "message"))}});
            return ok();
        }
        return take_event(*event, out);
    }

    Result<void> take_event(const Json& event, Events& out) {
        const auto* output = member(event, "output");
        const auto* said = member(event, "usage");
        if (output == nullptr && said == nullptr)
            return fail(Code::upstream_failed, "the provider's reply is not one of DashScope's");
        begin(event, out);
        auto before = out.size();
        if (output != nullptr)
            if (auto taken = take_output(*output, out); !taken)
                return taken;
        if (said != nullptr && said->is_object())
            out.push_back({llm::UsageReport{usage_of(*said), json_text(*said)}});
        if (out.size() == before)
            out.push_back({llm::Alive{}});
        return ok();
    }

    void begin(const Json& event, Events& out) {
        if (std::exchange(begun_, true))
            return;
        llm::Begun begun;
        begun.id = string_in(event, "request_id");
        out.push_back({std::move(begun)});
    }

    Result<void> take_output(const Json& output, Events& out) {
        const auto* choices = member(output, "choices");
        if (choices == nullptr || !choices->is_array())
            return ok();
        for (const auto& choice : *choices)
            if (auto taken = take_choice(choice, out); !taken)
                return taken;
        return ok();
    }

    Result<void> take_choice(const Json& choice, Events& out) {
        constexpr std::int64_t choices_max = 128;
        auto index = int_in(choice, "index").value_or(0);
        if (index < 0 || index >= choices_max)
            return fail(Code::upstream_failed, "the provider's reply has a choice out of range");
        auto number = static_cast<std::int32_t>(index);
        auto& open = choices_.try_emplace(number, number, held_bytes_max_).first->second;
        if (const auto* message = member(choice, "message"))
            if (auto taken = open.take(*message, out); !taken)
                return taken;
        if (const auto* logprobs = member(choice, "logprobs"))
            open.take_logprobs(*logprobs, out);
        // While a choice goes on, some models say so by a word.
        auto reason = string_in(choice, "finish_reason");
        if (!reason.empty() && reason != "null") {
            finished_ = true;
            open.finish(reason, out);
        }
        return ok();
    }

    Frames frames_;
    std::size_t held_bytes_max_;
    std::map<std::int32_t, OpenAiChoice> choices_;
    bool begun_ = false;
    bool finished_ = false;
    bool failed_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> new_dashscope_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

}  // namespace obliv::wire
