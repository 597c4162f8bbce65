#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of budgets of days and months: rows of the table in schemas.cpp.
namespace obliv::api::budget_schemas {

using enum Type;
using enum Presence;

inline constexpr std::array budget_create{
    Field{"scope", choice, must, "whose calls it counts", "token|user|account|everyone"},
    Field{"of", reference, may, "id or name of the token or account, id of the user"},
    Field{"model", text, may_or_null, "a pattern of models as asked; null: every model"},
    Field{"period", choice, must, "", "day|month"},
    Field{"amount", money, must, "USD in each period"},
};

inline constexpr std::array budget_patch{
    Field{"amount", money, must, "USD in each period, this one included"},
};

inline constexpr std::array budget{
    Field{"id", id, must, ""},
    Field{"scope", choice, must, "whose calls it counts", "token|user|account|everyone"},
    Field{"of", id, must_or_null, "the token, user or account; null: everyone"},
    Field{"model", text, must_or_null, "null: every model"},
    Field{"period", choice, must, "", "day|month"},
    Field{"amount", money, must, "USD in each period"},
    Field{"spent", money, must, "USD in this period"},
    Field{"held", money, must, "USD set aside for calls that run"},
    Field{"left", amount, must, "USD; less than zero: it was lowered"},
    Field{"begins_at", time, must_or_null, "of this period"},
    Field{"resets_at", time, must_or_null, "when the next one begins"},
    Field{"time_zone", text, must, "by whose clocks"},
    Field{"created_at", time, must, ""},
};

}  // namespace obliv::api::budget_schemas
