#pragma once

#include <cstdint>

namespace obliv::llm {

/// What one call consumed, normalised across providers: every unit is counted in exactly one field,
/// so that the same counts give the same charge whatever the provider's way to report them. Tokens
/// unless named otherwise; never negative.
struct Usage {
    std::int64_t input = 0;           ///< fresh text input: neither cached nor written to a cache
    std::int64_t cache_read = 0;      ///< input served from the provider's prompt cache
    std::int64_t cache_write_5m = 0;  ///< input written to a five-minute cache
    std::int64_t cache_write_1h = 0;
    std::int64_t audio_in = 0;
    std::int64_t image_in = 0;
    std::int64_t output = 0;     ///< visible output, reasoning and audio not included
    std::int64_t reasoning = 0;  ///< output that is thought
    std::int64_t audio_out = 0;

    // What is sold by other units than tokens.
    std::int64_t images = 0;      ///< made
    std::int64_t seconds = 0;     ///< of sound heard, begun ones counted whole
    std::int64_t characters = 0;  ///< read aloud
    std::int64_t searches = 0;    ///< of the web, made by the provider; of a ranking: search units

    std::int64_t input_all() const noexcept {
        return input + cache_read + cache_write_5m + cache_write_1h + audio_in + image_in;
    }
    std::int64_t output_all() const noexcept { return output + reasoning + audio_out; }
    std::int64_t units_all() const noexcept { return images + seconds + characters + searches; }
    bool operator==(const Usage&) const = default;
};

/// Every count of a usage.
inline constexpr std::int64_t Usage::*usage_members[] = {
    &Usage::input,     &Usage::cache_read, &Usage::cache_write_5m, &Usage::cache_write_1h,
    &Usage::audio_in,  &Usage::image_in,   &Usage::output,         &Usage::reasoning,
    &Usage::audio_out, &Usage::images,     &Usage::seconds,        &Usage::characters,
    &Usage::searches};

/// Where the counts of a usage row come from, best first.
enum class UsageSource : std::uint8_t {
    provider,   ///< the provider's own final figures
    partial,    ///< the last figures a provider sent before the stream broke off
    counted,    ///< our tokenizer, exact for the model
    estimated,  ///< an estimate
    none,       ///< nothing was consumed
    cache,      ///< those of the call whose answer was given again: no provider was asked
    batch,      ///< the provider's sums over all calls of a batch
};

}  // namespace obliv::llm
