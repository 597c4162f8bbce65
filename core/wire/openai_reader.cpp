#include "core/llm/openai_usage.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/frames.hpp"
#include "core/wire/json.hpp"
#include "core/wire/openai.hpp"
#include "core/wire/openai_choice.hpp"
#include "core/wire/reply_error.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;

/// An error object, wherever a host puts it; null: there is none.
const Json* error_in(const Json& event) {
    const auto* error = member(event, "error");
    if (error != nullptr && (error->is_object() || error->is_string()))
        return error;
    // MiniMax and Spark say it with a number under HTTP 200, old vLLM with a flat object.
    const auto* base = member(event, "base_resp");
    if (base != nullptr && int_in(*base, "status_code").value_or(0) != 0)
        return base;
    bool coded = int_in(event, "code").value_or(0) != 0 && !event.contains("choices");
    return coded || string_in(event, "object") == "error" ? &event : nullptr;
}

std::string word_in(const Json& object, std::string_view name) {
    auto number = int_in(object, name);
    return number ? std::to_string(*number) : string_in(object, name);
}

Error error_of(const Json& error) {
    if (error.is_string())
        return reply_error("", "", error.get<std::string>());
    auto message = string_in(error, "message");
    if (message.empty())
        message = string_in(error, "status_msg");
    return reply_error(string_in(error, "type"), word_in(error, "code"), message);
}

class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options)
        : frames_(options.event_bytes_max, options.body_bytes_max),
          held_bytes_max_(options.event_bytes_max) {}

    Result<void> feed(std::string_view bytes, std::vector<ReplyEvent>& out) override {
        return frames_.feed(bytes, [&](const Frame& frame) { return take(frame, out); });
    }

    Result<void> finish(std::vector<ReplyEvent>& out) override {
        auto left = frames_.finish([&](const Frame& frame) { return take(frame, out); });
        if (!left)
            return left;
        if (failed_)
            return ok();
        if (!done_ && !finished_)
            return fail(Code::upstream_failed, "the provider's reply ended before it was complete");
        for (auto& [index, choice] : choices_)
            choice.close(out);
        return ok();
    }

private:
    Result<void> take(const Frame& frame, std::vector<ReplyEvent>& out) {
        if (failed_)
            return ok();
        if (!frame.whole_body && frame.data == "[DONE]") {
            done_ = true;
            return ok();
        }
        auto event = parse_json(frame.data);
        if (!event || !event->is_object())
            return fail(Code::upstream_failed, "the provider's reply is not a chat completion");
        if (const auto* error = error_in(*event)) {
            failed_ = true;
            out.push_back({Failed{error_of(*error)}});
            return ok();
        }
        return take_event(*event, frame.whole_body, out);
    }

    Result<void> take_event(const Json& event, bool whole, std::vector<ReplyEvent>& out) {
        const auto* choices = member(event, "choices");
        if (whole && (choices == nullptr || !choices->is_array()))
            return fail(Code::upstream_failed, "the provider's reply is not a chat completion");
        begin(event, out);
        auto before = out.size();
        if (choices != nullptr && choices->is_array())
            for (const auto& choice : *choices)
                if (auto taken = take_choice(choice, out); !taken)
                    return taken;
        bool reported = take_usage(event, out);
        if (out.size() == before && !reported)
            out.push_back({Alive{}});
        return ok();
    }

    void begin(const Json& event, std::vector<ReplyEvent>& out) {
        Begun begun;
        begun.id = string_in(event, "id");
        begun.model = string_in(event, "model");
        if (begun_ || (begun.id.empty() && begun.model.empty()))
            return;
        begun_ = true;
        begun.created = int_in(event, "created").value_or(0);
        begun.service_tier = string_in(event, "service_tier");
        out.push_back({std::move(begun)});
    }

    Result<void> take_choice(const Json& choice, std::vector<ReplyEvent>& out) {
        constexpr std::int64_t choices_max = 128;
        auto index = int_in(choice, "index").value_or(0);
        if (index < 0 || index >= choices_max)
            return fail(Code::upstream_failed, "the provider's reply has a choice out of range");
        auto number = static_cast<std::int32_t>(index);
        auto& open = choices_.try_emplace(number, number, held_bytes_max_).first->second;
        const auto* delta = member(choice, "delta");
        if (delta == nullptr)
            delta = member(choice, "message");
        if (delta != nullptr)
            if (auto taken = open.take(*delta, out); !taken)
                return taken;
        if (const auto* logprobs = member(choice, "logprobs"))
            open.take_logprobs(*logprobs, out);
        if (auto reason = string_in(choice, "finish_reason"); !reason.empty()) {
            finished_ = true;
            open.finish(reason, out);
        }
        return ok();
    }

    /// Hosts differ in where the figures stand: at the top, in the choice (Moonshot), in an object
    /// of their own (Groq).
    bool take_usage(const Json& event, std::vector<ReplyEvent>& out) {
        const auto* usage = member(event, "usage");
        const auto* choices = member(event, "choices");
        if (usage == nullptr && choices != nullptr && choices->is_array() && !choices->empty())
            usage = member(choices->front(), "usage");
        if (const auto* groq = member(event, "x_groq"); usage == nullptr && groq != nullptr)
            usage = member(*groq, "usage");
        if (usage == nullptr)
            return false;
        auto text = json_text(*usage);
        auto counts = parse_openai_usage(text);
        if (!counts)
            return false;
        out.push_back({UsageReport{*counts, std::move(text)}});
        return true;
    }

    Frames frames_;
    std::size_t held_bytes_max_;
    std::map<std::int32_t, OpenAiChoice> choices_;
    bool begun_ = false;
    bool done_ = false;
    bool finished_ = false;
    bool failed_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> openai_parts::new_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

}  // namespace obliv::wire
