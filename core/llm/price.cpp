#include "core/llm/price.hpp"

#include <algorithm>
#include <initializer_list>

namespace obliv::llm {
namespace {

Money dearest(Money base, std::initializer_list<std::optional<Money>> others) {
    for (const auto& other : others)
        base = std::max(base, other.value_or(base));
    return base;
}

Money dearest_input(const TokenPrices& prices) {
    return dearest(prices.input, {prices.cache_read, prices.cache_write_5m, prices.cache_write_1h,
                                  prices.audio_in, prices.image_in});
}
Money dearest_output(const TokenPrices& prices) {
    return dearest(prices.output, {prices.reasoning, prices.audio_out});
}

/// Most kinds of unit are not in a call.
void add(Charge& charge, std::int64_t units, Money per_million) {
    if (units != 0)
        charge.add(units, per_million);
}

void add_units(Charge& charge, const Price& price, const Usage& usage) {
    add(charge, 1, price.per_call);
    add(charge, usage.images, price.per_image);
    add(charge, usage.seconds, price.per_second);
    add(charge, usage.characters, price.per_character);
    add(charge, usage.searches, price.per_search);
}

Money cost_by(const TokenPrices& tokens, const Price& price, const Usage& usage,
              std::int64_t share_millionths) {
    Charge charge;
    add(charge, usage.input, tokens.input);
    add(charge, usage.cache_read, tokens.cache_read.value_or(tokens.input));
    add(charge, usage.cache_write_5m, tokens.cache_write_5m.value_or(tokens.input));
    add(charge, usage.cache_write_1h, tokens.cache_write_1h.value_or(tokens.input));
    add(charge, usage.audio_in, tokens.audio_in.value_or(tokens.input));
    add(charge, usage.image_in, tokens.image_in.value_or(tokens.input));
    add(charge, usage.output, tokens.output);
    add(charge, usage.reasoning, tokens.reasoning.value_or(tokens.output));
    add(charge, usage.audio_out, tokens.audio_out.value_or(tokens.output));
    add_units(charge, price, usage);
    return charge.round(share_millionths);
}

Money cost_at_most_by(const TokenPrices& tokens, const Price& price, const Usage& bound,
                      std::int64_t share_millionths) {
    Charge charge;
    add(charge, bound.input, dearest_input(tokens));
    add(charge, bound.output, dearest_output(tokens));
    add_units(charge, price, bound);
    return charge.round(share_millionths);
}

/// What the tokens of a call cost that reads so many.
const TokenPrices& prices_at(const Price& price, std::int64_t input_tokens) noexcept {
    const TokenPrices* found = &price;
    for (const auto& tier : price.tiers)
        if (input_tokens > tier.above)
            found = &tier.prices;
    return *found;
}

}  // namespace

Money cost_of(const Price& price, const Usage& usage, std::int64_t share_millionths) {
    if (price.tiers.empty())
        return cost_by(price, price, usage, share_millionths);
    return cost_by(prices_at(price, usage.input_all()), price, usage, share_millionths);
}

Money due_for(const Price& price, const Usage& usage, UsageSource source,
              std::int64_t share_millionths) {
    if (source == UsageSource::none)
        return {};
    if (source == UsageSource::batch)
        return cost_by(price, price, usage, share_millionths);
    return cost_of(price, usage, share_millionths);
}

Money cost_at_most(const Price& price, const Usage& bound, std::int64_t share_millionths) {
    auto most = cost_at_most_by(price, price, bound, share_millionths);
    for (const auto& tier : price.tiers)
        if (bound.input > tier.above)
            most = std::max(most, cost_at_most_by(tier.prices, price, bound, share_millionths));
    return most;
}

std::int64_t combined_share(std::int64_t a, std::int64_t b) noexcept {
    if (b == whole_share)
        return a;
    auto product = static_cast<__int128>(a) * b;
    return static_cast<std::int64_t>((product + whole_share / 2) / whole_share);
}

int fit_of(std::string_view variant, std::string_view wanted) noexcept {
    if (variant.empty())
        return 1;
    if (variant == wanted)
        return 4;
    auto slash = wanted.find('/');
    if (slash == std::string_view::npos)
        return 0;
    if (variant == wanted.substr(0, slash))
        return 3;
    return variant == wanted.substr(slash + 1) ? 2 : 0;
}

}  // namespace obliv::llm
