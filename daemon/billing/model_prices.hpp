#pragma once

#include "core/llm/price.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::billing {

/// Every price of one model that is in force. A price may be meant for one channel, or for images
/// of one size or quality; a call is charged at the one that is meant for it most closely, the
/// channel before the variant.
class ModelPrices {
public:
    /// A channel without a value: for all of them.
    void add(ChannelId channel, std::string variant, llm::Price price) {
        if (!channel && variant.empty())
            plain_ = std::move(price);
        else
            special_.push_back({channel, std::move(variant), std::move(price)});
    }

    /// The one that is meant for every call; null: there is none.
    const llm::Price* plain() const noexcept { return plain_ ? &*plain_ : nullptr; }

    /// Null: none is meant for the call.
    const llm::Price* find(ChannelId channel, std::string_view variant) const noexcept {
        return special_.empty() ? plain() : closest(channel, variant);
    }

    /// Whether whichever of `channels` serves, some price is meant for the call.
    bool covers(std::span<const ChannelId> channels, std::string_view variant) const noexcept {
        return plain_ ||
               (!channels.empty() && std::all_of(channels.begin(), channels.end(), [&](auto each) {
                   return closest(each, variant) != nullptr;
               }));
    }

    /// Calls `use` with each price that the call may be charged at, whichever of `channels` serves
    /// it; none: whichever there is.
    template <typename Use>
    void each(std::span<const ChannelId> channels, std::string_view variant, Use use) const {
        if (plain_)
            use(*plain_);
        for (const auto& each : special_) {
            bool may_serve =
                !each.channel || channels.empty() ||
                std::find(channels.begin(), channels.end(), each.channel) != channels.end();
            if (may_serve && llm::fit_of(each.variant, variant) > 0)
                use(each.price);
        }
    }

private:
    struct Special {
        ChannelId channel;
        std::string variant;
        llm::Price price;
    };

    const llm::Price* closest(ChannelId channel, std::string_view variant) const noexcept {
        constexpr int fit_of_channel = 8;  // more than any of a variant
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

    std::optional<llm::Price> plain_;
    std::vector<Special> special_;  // mostly none
};

}  // namespace obliv::billing
