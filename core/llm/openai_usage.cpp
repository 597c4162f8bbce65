#include "core/llm/openai_usage.hpp"

#include "core/llm/json_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace obliv::llm {
namespace {

// A report is a few hundred bytes; anything far over that is something else.
constexpr std::size_t object_bytes_max = 16'384;
constexpr std::int64_t count_max = 1'000'000'000'000;

/// The counts as they stand in the report; negative: absent.
struct Raw {
    std::int64_t prompt = -1;
    std::int64_t completion = -1;
    std::int64_t cached = 0;
    std::int64_t written = 0;
    std::int64_t audio_in = 0;
    std::int64_t image_in = 0;
    std::int64_t total = -1;
    std::int64_t reasoning = 0;
    std::int64_t audio_out = 0;
    std::int64_t searches = 0;
    bool broken = false;
};

/// The values are as they stand in the report.
void read_count(std::string_view value, std::int64_t& out, bool& broken) {
    if (value == "null")
        return;
    constexpr std::size_t digits_max = 13;  // of count_max
    bool good = !value.empty() && value.size() <= digits_max && (value[0] != '0' || value == "0");
    std::int64_t count = 0;
    for (std::size_t i = 0; good && i < value.size(); ++i) {
        good = value[i] >= '0' && value[i] <= '9';
        count = count * 10 + (value[i] - '0');
    }
    if (good && count <= count_max)
        out = count;
    else
        broken = true;
}

void read_prompt_details(std::string_view value, Raw& raw) {
    each_member(value, [&](std::string_view key, std::string_view field) {
        if (key == "cached_tokens")
            read_count(field, raw.cached, raw.broken);
        else if (key == "cache_write_tokens" || key == "cache_creation_input_tokens")
            read_count(field, raw.written, raw.broken);
        else if (key == "audio_tokens")
            read_count(field, raw.audio_in, raw.broken);
        else if (key == "image_tokens")
            read_count(field, raw.image_in, raw.broken);
    });
}

void read_completion_details(std::string_view value, Raw& raw) {
    each_member(value, [&](std::string_view key, std::string_view field) {
        if (key == "reasoning_tokens")
            read_count(field, raw.reasoning, raw.broken);
        else if (key == "audio_tokens")
            read_count(field, raw.audio_out, raw.broken);
    });
}

void read_field(std::string_view key, std::string_view field, Raw& raw) {
    if (key == "prompt_tokens")
        read_count(field, raw.prompt, raw.broken);
    else if (key == "completion_tokens")
        read_count(field, raw.completion, raw.broken);
    else if (key == "total_tokens")
        read_count(field, raw.total, raw.broken);
    else if (key == "prompt_cache_hit_tokens" || key == "cached_tokens")
        read_count(field, raw.cached, raw.broken);
    else if (key == "prompt_tokens_details")
        read_prompt_details(field, raw);
    else if (key == "completion_tokens_details")
        read_completion_details(field, raw);
    else if (key == "num_search_queries" || key == "num_sources_used")
        read_count(field, raw.searches, raw.broken);
}

/// What is left of a total after its parts; a provider whose parts exceed it does not owe us
/// tokens.
std::int64_t rest(std::int64_t total, std::int64_t parts) {
    return std::max<std::int64_t>(0, total - parts);
}

/// xAI counts thought beside `completion_tokens`, not in it: only its total tells.
bool reasons_beside(const Raw& raw) {
    return raw.reasoning > 0 && raw.total >= 0 &&
           raw.total == std::max<std::int64_t>(0, raw.prompt) +
                            std::max<std::int64_t>(0, raw.completion) + raw.reasoning;
}

/// The counts of images, speech, transcripts and Realtime; negative: absent.
struct MediaRaw {
    std::int64_t input = -1;
    std::int64_t output = -1;
    std::int64_t cached = 0;
    std::int64_t audio_in = 0;
    std::int64_t image_in = 0;
    std::int64_t cached_audio = 0;
    std::int64_t cached_image = 0;
    std::int64_t audio_out = 0;
    std::int64_t reasoning = 0;
    std::int64_t seconds = -1;
    bool broken = false;
};

void read_seconds(std::string_view value, MediaRaw& raw) {
    double seconds = 0;
    const char* end = value.data() + value.size();
    auto read = std::from_chars(value.data(), end, seconds);
    bool number = !value.empty() && (value[0] == '-' || (value[0] >= '0' && value[0] <= '9'));
    if (read.ec != std::errc{} || read.ptr != end || !number || !(seconds >= 0) ||
        seconds > static_cast<double>(count_max))
        raw.broken = true;
    else
        raw.seconds = static_cast<std::int64_t>(std::ceil(seconds));
}

void read_cached_details(std::string_view value, MediaRaw& raw) {
    each_member(value, [&](std::string_view key, std::string_view field) {
        if (key == "audio_tokens")
            read_count(field, raw.cached_audio, raw.broken);
        else if (key == "image_tokens")
            read_count(field, raw.cached_image, raw.broken);
    });
}

void read_input_details(std::string_view value, MediaRaw& raw) {
    each_member(value, [&](std::string_view key, std::string_view field) {
        if (key == "audio_tokens")
            read_count(field, raw.audio_in, raw.broken);
        else if (key == "image_tokens")
            read_count(field, raw.image_in, raw.broken);
        else if (key == "cached_tokens")
            read_count(field, raw.cached, raw.broken);
        else if (key == "cached_tokens_details")
            read_cached_details(field, raw);
    });
}

void read_output_details(std::string_view value, MediaRaw& raw) {
    each_member(value, [&](std::string_view key, std::string_view field) {
        if (key == "audio_tokens")
            read_count(field, raw.audio_out, raw.broken);
        else if (key == "reasoning_tokens")
            read_count(field, raw.reasoning, raw.broken);
    });
}

void read_media_field(std::string_view key, std::string_view field, MediaRaw& raw) {
    if (key == "input_tokens")
        read_count(field, raw.input, raw.broken);
    else if (key == "output_tokens")
        read_count(field, raw.output, raw.broken);
    else if (key == "seconds")
        read_seconds(field, raw);
    else if (key == "input_token_details" || key == "input_tokens_details")
        read_input_details(field, raw);
    else if (key == "output_token_details" || key == "output_tokens_details")
        read_output_details(field, raw);
}

}  // namespace

std::optional<Usage> parse_openai_usage(std::string_view json, std::size_t* end) {
    Raw raw;
    auto size = each_member(
        json, [&](std::string_view key, std::string_view field) { read_field(key, field, raw); });
    if (end != nullptr)
        *end = size;
    if (size > object_bytes_max)
        return std::nullopt;
    // Of embeddings and rankings some hosts tell the total only: all of it was read.
    if (raw.prompt < 0 && raw.completion < 0)
        raw.prompt = raw.total;
    if (raw.broken || (raw.prompt < 0 && raw.completion < 0))
        return std::nullopt;

    Usage usage;
    usage.cache_read = raw.cached;
    usage.cache_write_5m = raw.written;
    usage.audio_in = raw.audio_in;
    auto fresh =
        rest(std::max<std::int64_t>(0, raw.prompt), raw.cached + raw.written + raw.audio_in);
    // Images that came from the cache are counted as both.
    usage.image_in = std::min(raw.image_in, fresh);
    usage.input = fresh - usage.image_in;
    usage.reasoning = raw.reasoning;
    usage.audio_out = raw.audio_out;
    auto inside = reasons_beside(raw) ? 0 : raw.reasoning;
    usage.output = rest(std::max<std::int64_t>(0, raw.completion), inside + raw.audio_out);
    usage.searches = raw.searches;
    return usage;
}

std::optional<Usage> parse_media_usage(std::string_view object) {
    MediaRaw raw;
    auto size = each_member(object, [&](std::string_view key, std::string_view field) {
        read_media_field(key, field, raw);
    });
    if (size > object_bytes_max)
        return std::nullopt;
    if (raw.broken)
        return std::nullopt;
    if (raw.input < 0 && raw.output < 0 && raw.seconds < 0)
        return parse_openai_usage(object);
    Usage usage;
    auto all = std::max<std::int64_t>(0, raw.input);
    usage.cache_read = std::min(all, raw.cached);
    // Sound and pictures that came from the cache are counted as both.
    auto fresh = all - usage.cache_read;
    usage.audio_in = std::min(fresh, rest(raw.audio_in, raw.cached_audio));
    usage.image_in = std::min(fresh - usage.audio_in, rest(raw.image_in, raw.cached_image));
    usage.input = fresh - usage.audio_in - usage.image_in;
    usage.audio_out = raw.audio_out;
    usage.reasoning = raw.reasoning;
    usage.output = rest(std::max<std::int64_t>(0, raw.output), raw.audio_out + raw.reasoning);
    usage.seconds = std::max<std::int64_t>(0, raw.seconds);
    return usage;
}

Usage sum(const Usage& a, const Usage& b) noexcept {
    Usage out;
    for (auto member : usage_members)
        out.*member = a.*member + b.*member;
    return out;
}

}  // namespace obliv::llm
