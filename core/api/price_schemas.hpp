#pragma once

#include "core/api/schema.hpp"

#include <array>
#include <cstdint>

/// The schemas of prices that come as a file, and of bills computed again: rows of the table in
/// schemas.cpp.
namespace obliv::api::price_schemas {

using enum Type;
using enum Presence;

inline constexpr std::int64_t many = INT64_MAX;

inline constexpr std::array tier{
    Field{"above", integer, must, "tokens of input, of whatever kind; longer calls pay this", "", 1,
          many},
    Field{"input", money, must, "USD per million tokens"},
    Field{"output", money, must, "USD per million tokens"},
    Field{"cache_read", money, may_or_null, "null: as input"},
    Field{"cache_write_5m", money, may_or_null, "null: as input"},
    Field{"cache_write_1h", money, may_or_null, "null: as input"},
    Field{"reasoning", money, may_or_null, "null: as output"},
    Field{"audio_in", money, may_or_null, "null: as input"},
    Field{"audio_out", money, may_or_null, "null: as output"},
    Field{"image_in", money, may_or_null, "null: as input"},
};

inline constexpr std::array set{
    Field{"channel", reference, may_or_null, "only of calls that it serves; null: of all"},
    Field{"variant", text, may_or_null,
          "only of images of this size, quality or both, as 1024x1792/hd; null: of all", "", 0, 64},
    Field{"input", money, must, "USD per million tokens"},
    Field{"output", money, must, "USD per million tokens"},
    Field{"cache_read", money, may_or_null, "null: as input"},
    Field{"cache_write_5m", money, may_or_null, "null: as input"},
    Field{"cache_write_1h", money, may_or_null, "null: as input"},
    Field{"reasoning", money, may_or_null, "null: as output"},
    Field{"audio_in", money, may_or_null, "null: as input"},
    Field{"audio_out", money, may_or_null, "null: as output"},
    Field{"image_in", money, may_or_null, "null: as input"},
    Field{"per_call", money, may_or_null, "USD for each call; null: nothing"},
    Field{"per_image", money, may_or_null, "USD for each image made; null: nothing"},
    Field{"per_second", money, may_or_null, "USD for each second of sound heard; null: nothing"},
    Field{"per_character", money, may_or_null, "USD for each character read aloud; null: nothing"},
    Field{"per_search", money, may_or_null,
          "USD for each search of the web, or search unit of a ranking; null: nothing"},
    Field{"batch", money, may_or_null, "what of it is charged in a batch, 0 to 1; null: all of it"},
    Field{"tiers", objects, may_or_null, "what all tokens of a longer call cost", "PriceTier"},
    Field{"effective_from", time, may_or_null, "a time to come; null: now"},
};

inline constexpr std::array import_row{
    Field{"model", model, must, ""},
    Field{"channel", reference, may_or_null, "only of calls that it serves; null: of all"},
    Field{"variant", text, may_or_null,
          "only of images of this size, quality or both, as 1024x1792/hd; null: of all", "", 0, 64},
    Field{"input", money, must, "USD per million tokens"},
    Field{"output", money, must, "USD per million tokens"},
    Field{"cache_read", money, may_or_null, "null: as input"},
    Field{"cache_write_5m", money, may_or_null, "null: as input"},
    Field{"cache_write_1h", money, may_or_null, "null: as input"},
    Field{"reasoning", money, may_or_null, "null: as output"},
    Field{"audio_in", money, may_or_null, "null: as input"},
    Field{"audio_out", money, may_or_null, "null: as output"},
    Field{"image_in", money, may_or_null, "null: as input"},
    Field{"per_call", money, may_or_null, "USD for each call; null: nothing"},
    Field{"per_image", money, may_or_null, "USD for each image made; null: nothing"},
    Field{"per_second", money, may_or_null, "USD for each second of sound heard; null: nothing"},
    Field{"per_character", money, may_or_null, "USD for each character read aloud; null: nothing"},
    Field{"per_search", money, may_or_null,
          "USD for each search of the web, or search unit of a ranking; null: nothing"},
    Field{"batch", money, may_or_null, "what of it is charged in a batch, 0 to 1; null: all of it"},
    Field{"tiers", objects, may_or_null, "what all tokens of a longer call cost", "PriceTier"},
};

inline constexpr std::array import_all{
    Field{"prices", objects, must, "in force from now on, all of them or none", "PriceImportRow"},
    Field{"dry_run", boolean, may, "only say what would change"},
};

inline constexpr std::array change{
    Field{"model", text, must, ""},
    Field{"channel", text, must_or_null, "null: of calls of all"},
    Field{"variant", text, must_or_null, "null: of all images"},
    Field{"action", choice, must, "", "added|changed"},
    Field{"before", object, must_or_null, "the price in force", "Price"},
    Field{"after", object, must, "what replaces it; version 0 until it is stored", "Price"},
};

inline constexpr std::array imported{
    Field{"added", integer, must, "prices of which there was none before", "", 0, many},
    Field{"changed", integer, must, "", "", 0, many},
    Field{"unchanged", integer, must, "", "", 0, many},
    Field{"dry_run", boolean, must, "true: nothing was stored"},
    Field{"changes", objects, must, "", "PriceChange"},
};

inline constexpr std::array bill_difference{
    Field{"request_id", text, must, ""},
    Field{"time", time, must, "when the request arrived"},
    Field{"model", text, must, "as asked"},
    Field{"price_version", id, must_or_null, ""},
    Field{"price_share", amount, must, "what of that price was charged"},
    Field{"charged", amount, must, "USD, the operator's loss included"},
    Field{"recomputed", amount, must_or_null, "USD; null: the price version does not exist"},
};

inline constexpr std::array recomputation{
    Field{"calls", integer, must, "", "", 0, many},
    Field{"unpriced", integer, must, "served without a price", "", 0, many},
    Field{"differing", integer, must, "", "", 0, many},
    Field{"charged", amount, must, "USD in all, the operator's losses included"},
    Field{"recomputed", amount, must, "USD in all; what cannot be recomputed as it was charged"},
    Field{"differences", objects, must, "the oldest hundred", "BillDifference"},
};

}  // namespace obliv::api::price_schemas
