#include "core/wire/gemini_usage.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

std::int64_t count(const Json& metadata, std::string_view name) {
    // What a hostile provider counts must not overflow when a few of them are added.
    constexpr std::int64_t count_max = 1'000'000'000'000;
    return std::clamp<std::int64_t>(int_in(metadata, name).value_or(0), 0, count_max);
}

/// The tokens of one modality in a list of them such as `promptTokensDetails`.
std::int64_t of_modality(const Json& metadata, std::string_view list, std::string_view modality) {
    const auto* details = member(metadata, list);
    if (details == nullptr || !details->is_array())
        return 0;
    for (const auto& detail : *details)
        if (string_in(detail, "modality") == modality)
            return count(detail, "tokenCount");
    return 0;
}

/// What was sent fresh in one modality, by hand or through a tool.
std::int64_t fresh_of(const Json& metadata, std::string_view modality) {
    auto sent = of_modality(metadata, "promptTokensDetails", modality) +
                of_modality(metadata, "toolUsePromptTokensDetails", modality);
    return std::max<std::int64_t>(0, sent - of_modality(metadata, "cacheTokensDetails", modality));
}

void add_modality(Json& list, std::string_view modality, std::int64_t tokens) {
    if (tokens > 0)
        list.push_back({{"modality", modality}, {"tokenCount", tokens}});
}

}  // namespace

bool gemini_counts(const Json& metadata) {
    return int_in(metadata, "promptTokenCount") || int_in(metadata, "candidatesTokenCount") ||
           int_in(metadata, "totalTokenCount");
}

bool gemini_sells_searches_whole(std::string_view model) noexcept {
    auto name = model.substr(model.rfind('/') + 1);
    return name.starts_with("gemini-1.") || name.starts_with("gemini-2.");
}

llm::Usage gemini_usage(const Json& metadata) {
    llm::Usage usage;
    auto input = count(metadata, "promptTokenCount") + count(metadata, "toolUsePromptTokenCount");
    usage.cache_read = std::min(count(metadata, "cachedContentTokenCount"), input);
    auto fresh = input - usage.cache_read;
    usage.audio_in = std::min(fresh_of(metadata, "AUDIO"), fresh);
    usage.image_in = std::min(fresh_of(metadata, "IMAGE"), fresh - usage.audio_in);
    usage.input = fresh - usage.audio_in - usage.image_in;
    auto output = count(metadata, "candidatesTokenCount");
    usage.audio_out = std::min(of_modality(metadata, "candidatesTokensDetails", "AUDIO"), output);
    usage.output = output - usage.audio_out;
    usage.reasoning = count(metadata, "thoughtsTokenCount");
    return usage;
}

Json gemini_usage_metadata(const llm::Usage& usage) {
    auto out = Json::object();
    out["promptTokenCount"] = usage.input_all();
    out["candidatesTokenCount"] = usage.output + usage.audio_out;
    out["totalTokenCount"] = usage.input_all() + usage.output_all();
    if (usage.cache_read > 0)
        out["cachedContentTokenCount"] = usage.cache_read;
    auto details = Json::array();
    add_modality(details, "TEXT", usage.input_all() - usage.audio_in - usage.image_in);
    add_modality(details, "IMAGE", usage.image_in);
    add_modality(details, "AUDIO", usage.audio_in);
    if (!details.empty())
        out["promptTokensDetails"] = std::move(details);
    if (usage.audio_out > 0) {
        details = Json::array();
        add_modality(details, "TEXT", usage.output);
        add_modality(details, "AUDIO", usage.audio_out);
        out["candidatesTokensDetails"] = std::move(details);
    }
    if (usage.reasoning > 0)
        out["thoughtsTokenCount"] = usage.reasoning;
    return out;
}

}  // namespace obliv::wire
