#include "core/llm/openai_usage.hpp"

#include <algorithm>
#include <cmath>
#include <simdjson.h>

namespace obliv::llm {
namespace {

namespace od = simdjson::ondemand;

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

void read_count(od::value& value, std::int64_t& out, bool& broken) {
    bool null = false;
    if (!value.is_null().get(null) && null)
        return;
    std::int64_t count = 0;
    if (value.get_int64().get(count) || count < 0 || count > count_max)
        broken = true;
    else
        out = count;
}

/// Calls `visit(key, value)` for every field of `value`, if that is an object.
template <typename Visit>
void each_field(od::value& value, Visit visit) {
    od::object object;
    if (value.get_object().get(object))
        return;
    for (auto entry : object) {
        std::string_view key;
        od::value field;
        if (entry.unescaped_key().get(key) || entry.value().get(field))
            return;
        visit(key, field);
    }
}

void read_prompt_details(od::value& value, Raw& raw) {
    each_field(value, [&](std::string_view key, od::value& field) {
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

void read_completion_details(od::value& value, Raw& raw) {
    each_field(value, [&](std::string_view key, od::value& field) {
        if (key == "reasoning_tokens")
            read_count(field, raw.reasoning, raw.broken);
        else if (key == "audio_tokens")
            read_count(field, raw.audio_out, raw.broken);
    });
}

void read_field(std::string_view key, od::value& field, Raw& raw) {
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

void read_seconds(od::value& value, MediaRaw& raw) {
    double seconds = 0;
    if (value.get_double().get(seconds) || !(seconds >= 0) ||
        seconds > static_cast<double>(count_max))
        raw.broken = true;
    else
        raw.seconds = static_cast<std::int64_t>(std::ceil(seconds));
}

void read_cached_details(od::value& value, MediaRaw& raw) {
    each_field(value, [&](std::string_view key, od::value& field) {
        if (key == "audio_tokens")
            read_count(field, raw.cached_audio, raw.broken);
        else if (key == "image_tokens")
            read_count(field, raw.cached_image, raw.broken);
    });
}

void read_input_details(od::value& value, MediaRaw& raw) {
    each_field(value, [&](std::string_view key, od::value& field) {
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

void read_output_details(od::value& value, MediaRaw& raw) {
    each_field(value, [&](std::string_view key, od::value& field) {
        if (key == "audio_tokens")
            read_count(field, raw.audio_out, raw.broken);
        else if (key == "reasoning_tokens")
            read_count(field, raw.reasoning, raw.broken);
    });
}

void read_media_field(std::string_view key, od::value& field, MediaRaw& raw) {
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

std::optional<Usage> parse_openai_usage(std::string_view object) {
    if (object.size() > object_bytes_max)
        return std::nullopt;
    thread_local od::parser parser;
    simdjson::padded_string text(object);
    od::document document;
    od::value root;
    if (parser.iterate(text).get(document) || document.get_value().get(root))
        return std::nullopt;
    Raw raw;
    each_field(root, [&](std::string_view key, od::value& field) { read_field(key, field, raw); });
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
    if (object.size() > object_bytes_max)
        return std::nullopt;
    thread_local od::parser parser;
    simdjson::padded_string text(object);
    od::document document;
    od::value root;
    if (parser.iterate(text).get(document) || document.get_value().get(root))
        return std::nullopt;
    MediaRaw raw;
    each_field(root,
               [&](std::string_view key, od::value& field) { read_media_field(key, field, raw); });
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
