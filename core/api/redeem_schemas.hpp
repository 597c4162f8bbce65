#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of redeem codes: rows of the table in schemas.cpp.
namespace obliv::api::redeem_schemas {

using enum Type;
using enum Presence;

inline constexpr std::array codes_create{
    Field{"count", integer, must, "how many", "", 1, 1000},
    Field{"amount", money, must, "USD for each, more than zero"},
    Field{"batch", name, may, "what they are found by; a new name by default"},
    Field{"expires_at", time, may_or_null, "from when on they cannot be used; null: never"},
    Field{"credit_lasts", text, may_or_null,
          "how long after its use the money of a code expires, such as 90d; null: never"},
};

inline constexpr std::array code{
    Field{"id", id, must, ""},
    Field{"code", text, may, "the code itself, in the answer that made it and nowhere else"},
    Field{"prefix", text, must, "how it begins"},
    Field{"batch", text, must, ""},
    Field{"amount", money, must, "USD"},
    Field{"state", choice, must, "", "open|used|revoked|expired"},
    Field{"created_at", time, must, ""},
    Field{"expires_at", time, must_or_null, ""},
    Field{"credit_lasts", text, must_or_null, ""},
    Field{"revoked_at", time, must_or_null, ""},
    Field{"used_at", time, must_or_null, ""},
    Field{"account_id", id, must_or_null, "that got the money"},
    Field{"token_id", id, must_or_null, "that redeemed it"},
};

inline constexpr std::array codes_revoke{
    Field{"id", id, may, "one code; or"},
    Field{"batch", name, may, "every unused code of a batch"},
};

inline constexpr std::array codes_revoked{
    Field{"revoked", integer, must, "codes that cannot be used any more", "", 0, 1'000'000'000},
};

inline constexpr std::array redeem{
    Field{"code", text, must, "as it was given; case and dashes do not matter", "", 0, 64},
    Field{"account", reference, may, "for administrators: who gets the money"},
};

}  // namespace obliv::api::redeem_schemas
