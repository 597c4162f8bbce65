#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of what moves money: rows of the table in schemas.cpp.
namespace obliv::api::account_schemas {

using enum Type;
using enum Presence;

inline constexpr std::array topup_ask{
    Field{"amount", amount, must, "USD, more than zero"},
    Field{"reason", text, may_or_null, "for the books"},
    Field{"operation_id", text, may_or_null, "a repeat with the same id changes nothing", "", 0,
          128},
    Field{"expires_at", time, may_or_null, "what is unspent then goes back; null: never"},
};

inline constexpr std::array transfer_to{
    Field{"to", reference, must, "id or name of the account that gets it"},
    Field{"amount", amount, must, "USD, more than zero"},
    Field{"reason", text, may_or_null, "for the books"},
    Field{"operation_id", text, may_or_null, "a repeat with the same id changes nothing", "", 0,
          128},
};

inline constexpr std::array lot{
    Field{"id", id, must, "of the top-up"},
    Field{"amount", money, must, "USD"},
    Field{"left", money, must, "USD not spent yet"},
    Field{"expires_at", time, must, ""},
};

}  // namespace obliv::api::account_schemas
