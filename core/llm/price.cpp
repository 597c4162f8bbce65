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

void add_units(Charge& charge, const Price& price, const Usage& usage) {
    charge.add(1, price.per_call);
    charge.add(usage.images, price.per_image);
    charge.add(usage.seconds, price.per_second);
    charge.add(usage.characters, price.per_character);
}

}  // namespace

Money cost_of(const Price& price, const Usage& usage, std::int64_t multiplier_millionths) {
    Charge charge;
    charge.add(usage.input, price.input);
    charge.add(usage.cache_read, price.cache_read.value_or(price.input));
    charge.add(usage.cache_write_5m, price.cache_write_5m.value_or(price.input));
    charge.add(usage.cache_write_1h, price.cache_write_1h.value_or(price.input));
    charge.add(usage.audio_in, price.audio_in.value_or(price.input));
    charge.add(usage.image_in, price.image_in.value_or(price.input));
    charge.add(usage.output, price.output);
    charge.add(usage.reasoning, price.reasoning.value_or(price.output));
    charge.add(usage.audio_out, price.audio_out.value_or(price.output));
    add_units(charge, price, usage);
    return charge.round(multiplier_millionths);
}

Money cost_at_most(const Price& price, const Usage& bound, std::int64_t multiplier_millionths) {
    Charge charge;
    charge.add(bound.input,
               dearest(price.input, {price.cache_read, price.cache_write_5m, price.cache_write_1h,
                                     price.audio_in, price.image_in}));
    charge.add(bound.output, dearest(price.output, {price.reasoning, price.audio_out}));
    add_units(charge, price, bound);
    return charge.round(multiplier_millionths);
}

Money cost_at_most(const Price& price, std::int64_t input_tokens, std::int64_t output_tokens,
                   std::int64_t multiplier_millionths) {
    Usage bound;
    bound.input = input_tokens;
    bound.output = output_tokens;
    return cost_at_most(price, bound, multiplier_millionths);
}

}  // namespace obliv::llm
