#pragma once

#include "core/llm/price.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::billing {

/// Every price of one model that is in force. A price may be meant for one channel, or for images
/// of one size or quality; a call is charged at the one that is meant for it most closely, the
/// channel before the variant. Where the provider may choose between sizes or qualities, or none
/// of the prices names the one that is wanted, that is the dearest of all that it may come to.
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

    /// What a call pays that used `usage`; null: no price is meant for it. `variant` is empty, or
    /// as llm::variant_of.
    const llm::Price* find(ChannelId channel, std::string_view variant,
                           const llm::Usage& usage) const {
        return special_.empty() ? plain() : closest(channel, variant, usage);
    }

    /// Whether whichever of `channels` serves, some price is meant for the call.
    bool covers(std::span<const ChannelId> channels, std::string_view variant) const;

    /// Calls `use` with each price that the call may be charged at, whichever of `channels` serves
    /// it; none: whichever there is.
    template <typename Use>
    void each(std::span<const ChannelId> channels, std::string_view variant, Use use) const {
        if (plain_)
            use(*plain_);
        for (const auto& each : special_)
            if (may_count(each, channels, variant))
                use(each.price);
    }

private:
    struct Special {
        ChannelId channel;
        std::string variant;
        llm::Price price;
    };
    using Words = std::vector<std::string_view>;

    bool may_count(const Special& special, std::span<const ChannelId> channels,
                   std::string_view variant) const;
    const llm::Price* closest(ChannelId channel, std::string_view variant,
                              const llm::Usage& usage) const;
    const llm::Price* closest_of(ChannelId channel, std::string_view variant) const noexcept;
    Words words_for(std::string_view word, bool of_size, ChannelId channel) const;
    std::vector<std::string> variants_of(ChannelId channel, std::string_view variant) const;

    std::optional<llm::Price> plain_;
    std::vector<Special> special_;  // mostly none
};

}  // namespace obliv::billing
