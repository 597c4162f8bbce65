#pragma once

#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/llm/usage.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// A whole price, or multiplier, in millionths.
inline constexpr std::int64_t whole_share = 1'000'000;

/// Of tokens: nano-dollars per million. A kind without a price of its own costs what the kind it is
/// a part of costs: cached and written input like input, reasoning and audio output like output.
struct TokenPrices {
    Money input;
    Money output;
    std::optional<Money> cache_read;
    std::optional<Money> cache_write_5m;
    std::optional<Money> cache_write_1h;
    std::optional<Money> audio_in;
    std::optional<Money> image_in;
    std::optional<Money> reasoning;
    std::optional<Money> audio_out;
    bool operator==(const TokenPrices&) const = default;
};

/// What all tokens of a call cost instead that reads more than so many.
struct PriceTier {
    std::int64_t above = 0;  ///< tokens of input of whatever kind
    TokenPrices prices;
    bool operator==(const PriceTier&) const = default;
};

/// One version of the price of a model.
struct Price : TokenPrices {
    PriceId id;
    // Of units that are no tokens: nano-dollars for a million of them, like every other unit.
    Money per_call;
    Money per_image;                              ///< made
    Money per_second;                             ///< of sound heard
    Money per_character;                          ///< read aloud
    Money per_search;                             ///< of the web; of a ranking: per search unit
    std::int64_t batch_millionths = whole_share;  ///< the part of it that is charged in a batch
    std::vector<PriceTier> tiers{};               ///< by rising `above`
    bool operator==(const Price&) const = default;
};

/// What `usage` of one call costs at `price`: one sum, rounded once, half up.
Money cost_of(const Price& price, const Usage& usage, std::int64_t share_millionths = whole_share);

/// What is due for a usage row with counts from `source`: nothing for a call that consumed nothing.
/// The sums of a batch tell the length of none of its calls, so that no tier counts for them.
Money due_for(const Price& price, const Usage& usage, UsageSource source,
              std::int64_t share_millionths = whole_share);

/// The most that a call can cost that consumes at most what `bound` says: `input` and `output` are
/// tokens of whatever kinds they turn out to be.
Money cost_at_most(const Price& price, const Usage& bound,
                   std::int64_t share_millionths = whole_share);

/// Two shares of a price together, rounded to a millionth, half up.
std::int64_t combined_share(std::int64_t a, std::int64_t b) noexcept;

/// How closely the price `variant` (`1024x1792/hd`, `1024x1792`, `hd`, or empty: of every call) is
/// meant for a call whose variant is `wanted` (its size, a slash, its quality); 0: not at all.
int fit_of(std::string_view variant, std::string_view wanted) noexcept;

}  // namespace obliv::llm
