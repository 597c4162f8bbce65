#include "daemon/billing/model_prices.hpp"

#include "core/llm/image_variant.hpp"

#include <algorithm>

namespace obliv::billing {
namespace {

constexpr int fit_of_channel = 8;  // more than any of a variant

/// The size that a price is for, or the quality; empty: of any. A single word that may be either
/// counts as both.
std::string_view word_of(std::string_view variant, bool of_size) {
    if (auto slash = variant.find('/'); slash != std::string_view::npos)
        return of_size ? variant.substr(0, slash) : variant.substr(slash + 1);
    bool is_size = !variant.empty() && variant.front() >= '0' && variant.front() <= '9';
    bool is_other = of_size ? llm::tells_quality(variant) : is_size;
    return is_other ? std::string_view{} : variant;
}

}  // namespace

/// What a size or quality of a call may be, as far as the prices for the channel tell them apart:
/// the one that is wanted, if some price names it, else whichever they name, or none of those.
ModelPrices::Words ModelPrices::words_for(std::string_view word, bool of_size,
                                          ChannelId channel) const {
    bool usual = word.starts_with('=');
    word.remove_prefix(usual ? 1 : 0);
    Words words{{}};
    for (const auto& each : special_) {
        auto name = word_of(each.variant, of_size);
        if (name.empty() || (each.channel && each.channel != channel))
            continue;
        if (name == word)
            return {word};
        if (std::find(words.begin(), words.end(), name) == words.end())
            words.push_back(name);
    }
    return usual ? Words{{}} : words;
}

/// Everything that the call may turn out to be.
std::vector<std::string> ModelPrices::variants_of(ChannelId channel,
                                                  std::string_view variant) const {
    auto slash = variant.find('/');
    if (slash == std::string_view::npos)
        return {std::string(variant)};
    std::vector<std::string> out;
    for (auto size : words_for(variant.substr(0, slash), true, channel))
        for (auto quality : words_for(variant.substr(slash + 1), false, channel))
            out.push_back(std::string(size).append("/").append(quality));
    return out;
}

const llm::Price* ModelPrices::closest(ChannelId channel, std::string_view variant,
                                       const llm::Usage& usage) const {
    if (variant.empty())
        return closest_of(channel, variant);
    const llm::Price* dearest = nullptr;
    Money most;
    for (const auto& each : variants_of(channel, variant)) {
        const auto* price = closest_of(channel, each);
        if (price == nullptr)
            continue;
        auto cost = llm::cost_of(*price, usage);
        if (dearest == nullptr || cost > most) {
            dearest = price;
            most = cost;
        }
    }
    return dearest;
}

const llm::Price* ModelPrices::closest_of(ChannelId channel,
                                          std::string_view variant) const noexcept {
    const auto* best = plain();
    int best_fit = best == nullptr ? 0 : llm::fit_of({}, variant);
    for (const auto& each : special_) {
        int fit = llm::fit_of(each.variant, variant);
        if (fit == 0 || (each.channel && each.channel != channel))
            continue;
        fit += each.channel ? fit_of_channel : 0;
        if (fit > best_fit) {
            best = &each.price;
            best_fit = fit;
        }
    }
    return best;
}

bool ModelPrices::covers(std::span<const ChannelId> channels, std::string_view variant) const {
    return plain_ ||
           (!channels.empty() && std::all_of(channels.begin(), channels.end(), [&](auto each) {
               return closest(each, variant, {}) != nullptr;
           }));
}

bool ModelPrices::may_count(const Special& special, std::span<const ChannelId> channels,
                            std::string_view variant) const {
    bool may_serve = !special.channel || channels.empty() ||
                     std::find(channels.begin(), channels.end(), special.channel) != channels.end();
    if (!may_serve)
        return false;
    auto may_be = variants_of(special.channel, variant);
    return std::any_of(may_be.begin(), may_be.end(),
                       [&](const auto& each) { return llm::fit_of(special.variant, each) > 0; });
}

}  // namespace obliv::billing
