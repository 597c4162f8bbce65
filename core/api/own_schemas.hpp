#pragma once

#include "core/api/schema.hpp"

#include <array>

/// What a token learns of itself in the shapes that OpenAI once had: rows of the table in
/// schemas.cpp.
namespace obliv::api::own_schemas {

using enum Type;
using enum Presence;

inline constexpr std::array subscription{
    Field{"object", text, must, "billing_subscription"},
    Field{"has_payment_method", boolean, must, ""},
    Field{"soft_limit_usd", number, must, "as hard_limit_usd"},
    Field{"hard_limit_usd", number, must,
          "what was spent in this month (UTC) and can still be spent; 100000000: no limit"},
    Field{"system_hard_limit_usd", number, must, "as hard_limit_usd"},
    Field{"access_until", integer, must, "when the token expires, in seconds since 1970; 0: never",
          "", 0, 100'000'000'000},
};

inline constexpr std::array line_item{
    Field{"name", text, must, "model"},
    Field{"cost", number, must, "US cents"},
};

inline constexpr std::array daily_cost{
    Field{"timestamp", number, must, "when the day began (UTC), in seconds since 1970"},
    Field{"line_items", objects, must, "", "BillingLineItem"},
};

inline constexpr std::array billing_usage{
    Field{"object", text, must, "list"},
    Field{"total_usage", number, must, "US cents"},
    Field{"daily_costs", objects, must, "", "BillingDay"},
};

}  // namespace obliv::api::own_schemas
