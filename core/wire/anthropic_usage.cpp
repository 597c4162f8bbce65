#include "core/wire/anthropic_parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::Usage;

// Anything beyond is no count of tokens.
constexpr std::int64_t count_max = 1'000'000'000'000;

std::int64_t count(const Json& usage, const char* name) {
    return std::clamp<std::int64_t>(int_in(usage, name).value_or(0), 0, count_max);
}

/// The figures of one object: the whole, or one iteration.
Usage figures(const Json& usage) {
    Usage out;
    out.input = count(usage, "input_tokens");
    out.cache_read = count(usage, "cache_read_input_tokens");
    // The split is that of the first iteration, the total that of all: what it leaves over was
    // written for five minutes, as is the default.
    const auto* split = member(usage, "cache_creation");
    auto five = split != nullptr ? count(*split, "ephemeral_5m_input_tokens") : 0;
    auto hour = split != nullptr ? count(*split, "ephemeral_1h_input_tokens") : 0;
    bool told = int_in(usage, "cache_creation_input_tokens").has_value();
    auto total = told ? count(usage, "cache_creation_input_tokens") : five + hour;
    out.cache_write_1h = std::min(hour, total);
    out.cache_write_5m = total - out.cache_write_1h;
    if (const auto* tools = member(usage, "server_tool_use"))
        out.searches = count(*tools, "web_search_requests");
    auto output = count(usage, "output_tokens");
    if (const auto* details = member(usage, "output_tokens_details"))
        out.reasoning = std::min(count(*details, "thinking_tokens"), output);
    out.output = output - out.reasoning;
    return out;
}

void add(Usage& sum, const Usage& more) {
    sum.input += more.input;
    sum.cache_read += more.cache_read;
    sum.cache_write_5m += more.cache_write_5m;
    sum.cache_write_1h += more.cache_write_1h;
    sum.output += more.output;
    sum.reasoning += more.reasoning;
}

}  // namespace

Usage anthropic_usage(const Json& usage) {
    auto out = figures(usage);
    const auto* iterations = member(usage, "iterations");
    if (iterations == nullptr || !iterations->is_array())
        return out;
    // The totals leave these out although they were consumed: the summary that a long context was
    // replaced by, and another model's advice. The latter has a price of its own that we cannot
    // tell from here; it is charged at the called model's, which beats nothing.
    for (const auto& iteration : *iterations) {
        auto type = string_in(iteration, "type");
        if (type == "compaction" || type == "advisor_message")
            add(out, figures(iteration));
    }
    return out;
}

void merge_usage(Json& usage, const Json& later) {
    if (!later.is_object())
        return;
    if (!usage.is_object())
        usage = Json::object();
    for (const auto& [name, value] : later.items())
        if (!value.is_null())
            usage[name] = value;
}

Json anthropic_usage_json(const Usage& usage) {
    Json out;
    out["input_tokens"] = usage.input + usage.audio_in + usage.image_in;
    out["cache_creation_input_tokens"] = usage.cache_write_5m + usage.cache_write_1h;
    out["cache_read_input_tokens"] = usage.cache_read;
    out["cache_creation"]["ephemeral_5m_input_tokens"] = usage.cache_write_5m;
    out["cache_creation"]["ephemeral_1h_input_tokens"] = usage.cache_write_1h;
    out["output_tokens"] = usage.output_all();
    if (usage.searches > 0)
        out["server_tool_use"]["web_search_requests"] = usage.searches;
    if (usage.reasoning > 0)
        out["output_tokens_details"]["thinking_tokens"] = usage.reasoning;
    return out;
}

}  // namespace obliv::wire
