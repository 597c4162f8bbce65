#include "core/llm/realtime_scan.hpp"

#include "core/llm/estimate.hpp"
#include "core/llm/json_scan.hpp"
#include "core/llm/openai_usage.hpp"

#include <algorithm>
#include <utility>

namespace obliv::llm {
namespace {

// Sound comes in tens of kilobytes, and what ends a response has none in it.
constexpr std::size_t message_bytes_max = 1U << 20;
constexpr std::int64_t sound_bytes_per_second = 48'000;

/// The event's own type; an item in it has types too, but none of these.
std::string_view type_of(std::string_view message) {
    for (auto at = find_value(message, "type"); at < message.size();
         at = find_value(message, "type", at)) {
        auto type = message[at] == '"' ? string_at(message, at) : std::string_view{};
        if (type.starts_with("response.") || type.starts_with("session.") ||
            type.starts_with("conversation.") || type.starts_with("input_audio_buffer."))
            return type;
    }
    return {};
}

}  // namespace

std::int64_t sound_tokens(std::int64_t bytes, std::int64_t per_second) noexcept {
    auto sound = bytes / 4 * 3;
    return (sound * per_second + sound_bytes_per_second - 1) / sound_bytes_per_second;
}

void RealtimeScan::feed(std::string_view payload, bool message_end) {
    if (message_end && message_.empty())
        return judge(payload);
    message_ += payload.substr(0, message_bytes_max - std::min(message_bytes_max, message_.size()));
    if (!message_end)
        return;
    judge(message_);
    std::string().swap(message_);
}

void RealtimeScan::judge(std::string_view message) {
    auto type = type_of(message);
    if (type == "response.created") {
        ++running_;
    } else if (type == "response.done") {
        end_response(message);
    } else if (type.starts_with("response.") && type.ends_with(".delta")) {
        auto at = find_value(message, "delta");
        if (at >= message.size() || message[at] != '"')
            return;
        auto size = static_cast<std::int64_t>(string_at(message, at).size());
        bool sound = type.ends_with("audio.delta");
        // What is said in sound comes as text beside it, for nothing.
        if (sound)
            audio_bytes_ += size;
        else if (!type.ends_with("transcript.delta"))
            text_bytes_ += size;
    }
}

void RealtimeScan::end_response(std::string_view message) {
    std::optional<Usage> usage;
    auto at = find_value(message, "usage");
    if (at < message.size() && message[at] == '{')
        usage = parse_media_usage(object_at(message, at));
    ++ended_.count;
    ended_.estimated = ended_.estimated || !usage;
    ended_.usage = sum(ended_.usage, usage ? *usage : said());
    running_ = std::max(0, running_ - 1);
    if (running_ == 0)
        text_bytes_ = audio_bytes_ = 0;
}

RealtimeScan::Ended RealtimeScan::take() noexcept {
    return std::exchange(ended_, {});
}

Usage RealtimeScan::said() const noexcept {
    Usage usage;
    usage.output = text_bytes_ > 0 ? estimate_tokens(text_bytes_) : 0;
    usage.audio_out = sound_tokens(audio_bytes_, spoken_tokens_per_second);
    return usage;
}

}  // namespace obliv::llm
