#pragma once

#include "core/api/schema.hpp"

#include <array>
#include <cstdint>

/// How a channel has been doing, and what it has left.
namespace obliv::api::health_schemas {

using enum Type;
using enum Presence;

inline constexpr std::int64_t many = INT64_MAX;

inline constexpr std::array health{
    Field{"state", choice, must,
          "failing: the last few calls all failed; unusable: unknown type; down: by the health "
          "checks; open, half_open, recovering: its circuit breaker; resting: all of its keys",
          "up|failing|disabled|unusable|down|open|half_open|recovering|resting"},
    Field{"in_flight", integer, must, "calls", "", 0, many},
    Field{"requests", integer, must, "calls since the start", "", 0, many},
    Field{"failures", integer, must, "of those", "", 0, many},
    Field{"availability", number, must_or_null, "calls that ended well, 0 to 1; null: none has"},
    Field{"ttft_ms", number, must_or_null, "moving mean to the first content; null: none yet"},
    Field{"requests_this_minute", integer, must, "", "", 0, many},
    Field{"quota_used", number, must_or_null,
          "share of the calls that it, or its keys, may make in this minute; null: without limit"},
    Field{"requests_left", integer, must_or_null,
          "of its keys' rate limits, as the provider last said; null: it did not", "", 0, many},
    Field{"tokens_left", integer, must_or_null, "likewise", "", 0, many},
    Field{"balance", text, must_or_null,
          "what the provider holds for its keys, as it is asked now and then: `110.00 CNY`", "", 0,
          256},
    Field{"models", objects, must, "upstream models whose circuit breaker is not closed",
          "ModelHealth"},
    Field{"last_error", text, must_or_null, "", "", 0, 4096},
};

}  // namespace obliv::api::health_schemas
