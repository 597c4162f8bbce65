#pragma once

#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/llm/usage.hpp"

#include <optional>

namespace obliv::llm {

/// One version of the price of a model: nano-dollars per million units. A kind without a price of
/// its own costs what the kind it is a part of costs: cached and written input like input,
/// reasoning and audio output like output.
struct Price {
    PriceId id;
    Money input;
    Money output;
    std::optional<Money> cache_read;
    std::optional<Money> cache_write_5m;
    std::optional<Money> cache_write_1h;
    std::optional<Money> audio_in;
    std::optional<Money> image_in;
    std::optional<Money> reasoning;
    std::optional<Money> audio_out;
    // Of units that are no tokens: nano-dollars for a million of them, like every other unit.
    Money per_call;
    Money per_image;      ///< made
    Money per_second;     ///< of sound heard
    Money per_character;  ///< read aloud
};

/// What `usage` costs at `price`: one sum, rounded once, half up.
Money cost_of(const Price& price, const Usage& usage,
              std::int64_t multiplier_millionths = 1'000'000);

/// The most that a call can cost that consumes at most what `bound` says: `input` and `output` are
/// tokens of whatever kinds they turn out to be.
Money cost_at_most(const Price& price, const Usage& bound,
                   std::int64_t multiplier_millionths = 1'000'000);
Money cost_at_most(const Price& price, std::int64_t input_tokens, std::int64_t output_tokens,
                   std::int64_t multiplier_millionths = 1'000'000);

}  // namespace obliv::llm
