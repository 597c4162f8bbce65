#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of accounts and of what moves their money: rows of the table in schemas.cpp.
namespace obliv::api::account_schemas {

using enum Type;
using enum Presence;

inline constexpr std::int64_t limit_max = 1'000'000;

inline constexpr std::array account_create{
    Field{"name", name, must, "unique among the accounts"},
    Field{"kind", choice, may, "prepaid by default", "prepaid|credit|unlimited"},
    Field{"credit_limit", money, may_or_null, "of kind credit: how far below zero it may go"},
    Field{"time_zone", text, may_or_null, "by whose clocks budgets begin anew; null: UTC"},
    Field{"degraded_models", aliases, may_or_null,
          "asked instead while at most 5 % is left, by name or pattern; null: none"},
    Field{"degraded_requests_per_minute", integer, may_or_null,
          "of each token, while at most 5 % is left; null or 0: as otherwise", "", 0, limit_max},
    Field{"degraded_concurrent_max", integer, may_or_null,
          "calls at once, likewise; null or 0: as otherwise", "", 0, limit_max},
};

inline constexpr std::array account_patch{
    Field{"name", name, may, "unique among the accounts"},
    Field{"kind", choice, may, "", "prepaid|credit|unlimited"},
    Field{"credit_limit", money, may_or_null, "of kind credit; null: nothing"},
    Field{"time_zone", text, may_or_null, "by whose clocks budgets begin anew; null: UTC"},
    Field{"degraded_models", aliases, may_or_null,
          "asked instead while at most 5 % is left, by name or pattern; null: none"},
    Field{"degraded_requests_per_minute", integer, may_or_null,
          "of each token, while at most 5 % is left; null or 0: as otherwise", "", 0, limit_max},
    Field{"degraded_concurrent_max", integer, may_or_null,
          "calls at once, likewise; null or 0: as otherwise", "", 0, limit_max},
};

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

inline constexpr std::array statement{
    Field{"account_id", id, must, ""},
    Field{"account", text, must, "name"},
    Field{"month", text, must, "such as 2026-10"},
    Field{"time_zone", text, must, "by whose clocks the month begins and ends"},
    Field{"since", time, must, ""},
    Field{"until", time, must, "this moment belongs to the next"},
    Field{"opening", amount, must, "USD, the balance at the beginning"},
    Field{"in", money, must, "USD from top-ups, corrections and transfers"},
    Field{"out", money, must, "USD by corrections, transfers and expiry"},
    Field{"charged", money, must, "USD for calls"},
    Field{"closing", amount, must, "USD: opening + in - out - charged"},
    Field{"calls", integer, must, "that cost something", "", 0, 1'000'000'000'000},
    Field{"transfers", integer, must, "", "", 0, 1'000'000'000'000},
};

inline constexpr std::array statement_line{
    Field{"id", id, must, ""},
    Field{"time", time, must, ""},
    Field{"kind", choice, must, "", "settle|topup|adjust|transfer|expiry"},
    Field{"amount", amount, must, "USD; less than zero: the account paid"},
    Field{"call", text, must_or_null, "request id"},
    Field{"model", text, must_or_null, "as asked"},
    Field{"reason", text, must_or_null, ""},
};

inline constexpr std::array transfer_ask{
    Field{"amount", amount, must, "USD, not zero"},
    Field{"reason", text, may_or_null, "for the books"},
    Field{"operation_id", text, may_or_null, "a repeat with the same id changes nothing", "", 0,
          128},
};

inline constexpr std::array account{
    Field{"id", id, must, ""},
    Field{"name", text, must, ""},
    Field{"kind", choice, must, "", "prepaid|credit|unlimited|system"},
    Field{"credit_limit", money, must, "USD"},
    Field{"balance", amount, must, "USD, held money included"},
    Field{"held", money, must, "USD set aside for calls that run"},
    Field{"available", amount, must_or_null, "USD; null: no limit"},
    Field{"time_zone", text, must, "by whose clocks budgets begin anew"},
    Field{"degraded", boolean, must, "its calls are, since at most 5 % is left"},
    Field{"degraded_models", aliases, must, "asked instead then, by name or pattern"},
    Field{"degraded_requests_per_minute", integer, must_or_null, "of each token; null: none", "", 1,
          limit_max},
    Field{"degraded_concurrent_max", integer, must_or_null, "of each token; null: none", "", 1,
          limit_max},
    Field{"created_at", time, must, ""},
};

inline constexpr std::array transfer{
    Field{"id", id, must, ""},
    Field{"time", time, must, ""},
    Field{"from_account_id", id, must, ""},
    Field{"to_account_id", id, must, ""},
    Field{"amount", money, must, "USD"},
    Field{"kind", choice, must, "", "topup|adjust|transfer|expiry"},
    Field{"reason", text, must_or_null, ""},
    Field{"operation_id", text, must, ""},
    Field{"expires_at", time, must_or_null, "when what is left of a top-up goes back"},
};

inline constexpr std::array transfer_done{
    Field{"transfer", object, must, "the first one, if the operation is a repeat", "Transfer"},
    Field{"account", object, must, "as it is now", "Account"},
};

}  // namespace obliv::api::account_schemas
