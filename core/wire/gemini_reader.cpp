#include "core/wire/gemini_wire.hpp"

#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/llm/sse.hpp"
#include "core/wire/gemini_choice.hpp"
#include "core/wire/gemini_usage.hpp"
#include "core/wire/json_objects.hpp"
#include "core/wire/reply_error.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using Events = GeminiEvents;
using std::string_view;

constexpr std::int64_t choices_max = 128;
constexpr std::int64_t retry_after_max_s = 3600;

/// A reply begun as a success that turned out an error; `retryDelay` is a number of seconds.
Error error_of(const Json& error) {
    auto out = reply_error(string_in(error, "status"), {}, string_in(error, "message"));
    const auto* details = member(error, "details");
    if (details == nullptr || !details->is_array())
        return out;
    for (const auto& detail : *details) {
        auto delay = string_in(detail, "retryDelay");
        auto seconds = parse_int(delay.substr(0, delay.find_first_of(".s")));
        if (seconds && *seconds >= 0 && *seconds <= retry_after_max_s)
            out.retry_after = std::chrono::seconds(*seconds);
    }
    return out;
}

class GeminiReader final : public ReplyReader {
public:
    explicit GeminiReader(const ReadOptions& options)
        : sse_(options.event_bytes_max), objects_(options.body_bytes_max),
          bytes_max_(options.event_bytes_max) {}

    Result<void> feed(string_view bytes, Events& out) override;
    Result<void> finish(Events& out) override;

private:
    enum class Form { unknown, events, objects };

    Result<void> take(string_view text, Events& out);
    Result<void> take_candidates(const Json& reply, Events& out);
    void begin(const Json& reply, Events& out);
    void take_feedback(const Json& reply, Events& out);
    void take_usage(const Json& reply, Events& out);

    Form form_ = Form::unknown;
    llm::SseDecoder sse_;
    JsonObjects objects_;  ///< one, or the elements of an array
    std::size_t bytes_max_;
    bool begun_ = false;
    bool failed_ = false;  ///< the provider said so: whatever follows means nothing
    std::string reply_id_;
    std::string blocked_;  ///< why the prompt was refused
    std::map<std::int64_t, GeminiChoice> choices_;
    Json usage_ = Json::object();
    llm::Usage counted_;
    std::int64_t searches_ = 0;
    bool searches_sold_whole_ = false;  ///< however many, they cost as much as one
    bool usage_told_ = false;
};

Result<void> GeminiReader::feed(string_view bytes, Events& out) {
    if (form_ == Form::unknown) {
        auto first = bytes.find_first_not_of(" \t\r\n");
        if (first == string_view::npos)
            return ok();
        form_ = bytes[first] == '{' || bytes[first] == '[' ? Form::objects : Form::events;
    }
    if (form_ == Form::objects)
        return objects_.feed(bytes, [&](string_view object) { return take(object, out); });
    auto said = ok();
    auto fed = sse_.feed(bytes, [&](const llm::SseEvent& event) {
        if (said)
            said = take(event.data, out);
    });
    return said ? fed : said;
}

Result<void> GeminiReader::take(string_view text, Events& out) {
    if (failed_ || text == "[DONE]")  // relays in between like to end a stream so
        return ok();
    auto reply = parse_json(text);
    if (!reply || !reply->is_object())
        return fail(Code::upstream_failed, "the provider's reply is not a JSON object");
    if (const auto* error = member(*reply, "error")) {
        failed_ = true;
        out.push_back({llm::Failed{error_of(*error)}});
        return ok();
    }
    begin(*reply, out);
    if (auto taken = take_candidates(*reply, out); !taken)
        return taken;
    take_feedback(*reply, out);
    take_usage(*reply, out);
    return ok();
}

void GeminiReader::begin(const Json& reply, Events& out) {
    if (begun_)
        return;
    begun_ = true;
    reply_id_ = string_in(reply, "responseId");
    llm::Begun begun;
    begun.id = reply_id_;
    begun.model = string_in(reply, "modelVersion");
    searches_sold_whole_ = gemini_sells_searches_whole(begun.model);
    constexpr std::int64_t nanos = 1'000'000'000;
    if (auto created = parse_rfc3339(string_in(reply, "createTime")))
        begun.created = unix_nanos(*created) / nanos;
    if (const auto* usage = member(reply, "usageMetadata"))
        begun.service_tier = string_in(*usage, "serviceTier");
    if (begun.service_tier == "standard")
        begun.service_tier = "default";
    out.push_back({std::move(begun)});
}

Result<void> GeminiReader::take_candidates(const Json& reply, Events& out) {
    const auto* candidates = member(reply, "candidates");
    if (candidates == nullptr || !candidates->is_array())
        return ok();
    for (const auto& candidate : *candidates) {
        auto index = int_in(candidate, "index").value_or(0);  // a zero may be left out
        if (!candidate.is_object() || index < 0 || index >= choices_max)
            return fail(Code::upstream_failed, "the provider's reply has an impossible candidate");
        auto choice =
            choices_.try_emplace(index, static_cast<std::int32_t>(index), reply_id_, bytes_max_);
        if (auto taken = choice.first->second.take(candidate, out); !taken)
            return taken;
    }
    return ok();
}

void GeminiReader::take_feedback(const Json& reply, Events& out) {
    if (const auto* feedback = member(reply, "promptFeedback"))
        if (auto reason = string_in(*feedback, "blockReason"); !reason.empty())
            blocked_ = std::move(reason);
    auto rest = without(reply, {"candidates", "usageMetadata", "modelVersion", "responseId",
                                "createTime", "sdkHttpResponse"});
    if (rest.empty())
        return;
    Json about{{"response", std::move(rest)}};
    if (choices_.empty())
        out.push_back({llm::Opaque{std::string(gemini_name), json_text(about)}});
    else
        choices_.begin()->second.note(about, out);
}

/// The questions that the model has put to the web.
std::int64_t searches_in(const Json& reply) {
    std::int64_t searches = 0;
    const auto* candidates = member(reply, "candidates");
    if (candidates == nullptr || !candidates->is_array())
        return 0;
    for (const auto& candidate : *candidates) {
        const auto* grounding = member(candidate, "groundingMetadata");
        const auto* asked = grounding != nullptr ? member(*grounding, "webSearchQueries") : nullptr;
        if (asked != nullptr && asked->is_array())
            searches += static_cast<std::int64_t>(asked->size());
    }
    return searches;
}

/// Figures are those of the whole reply so far; one that is left out is as it was.
void GeminiReader::take_usage(const Json& reply, Events& out) {
    // They may be told by an event that has no figures, before those or behind.
    searches_ = std::max(searches_, searches_in(reply));
    const auto* usage = member(reply, "usageMetadata");
    if (usage != nullptr && usage->is_object())
        for (const auto& [name, value] : usage->items())
            if (!value.is_null())
                usage_[name] = value;
    if (!gemini_counts(usage_))
        return;
    auto counted = gemini_usage(usage_);
    counted.searches = searches_sold_whole_ ? std::min<std::int64_t>(searches_, 1) : searches_;
    if (usage_told_ && counted == counted_)
        return;
    usage_told_ = true;
    counted_ = counted;
    out.push_back({llm::UsageReport{counted, json_text(usage_)}});
}

Result<void> GeminiReader::finish(Events& out) {
    auto said = ok();
    if (form_ == Form::events)
        sse_.finish([&](const llm::SseEvent& event) {
            if (said)
                said = take(event.data, out);
        });
    if (!said || failed_)
        return said;
    if (form_ == Form::objects && objects_.inside())
        return fail(Code::upstream_failed, "the provider's reply broke off");
    for (auto& [index, choice] : choices_)
        if (auto finished = choice.finish(out); !finished)
            return finished;
    if (!choices_.empty())
        return ok();
    if (blocked_.empty())
        return fail(Code::upstream_failed, "the provider's reply has no candidate");
    out.push_back({llm::Finished{llm::Finish::filtered, blocked_}});
    return ok();
}

}  // namespace

std::unique_ptr<ReplyReader> new_gemini_reader(const ReadOptions& options) {
    return std::make_unique<GeminiReader>(options);
}

}  // namespace obliv::wire
