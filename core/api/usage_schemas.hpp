#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of sums of calls, and of what ended lately: rows of the table in schemas.cpp.
namespace obliv::api::usage_schemas {

using enum Type;
using enum Presence;

inline constexpr std::int64_t many = INT64_MAX;

inline constexpr std::array group{
    Field{"model", text, may, "as asked; each key is there when `by` names it"},
    Field{"day", text, may, "UTC"},
    Field{"token", text, may, "id"},
    Field{"account", text, may, "id"},
    Field{"channel", text, may, "id"},
    Field{"user", text, may, "id"},
    Field{"served", text, may, "model as sent to the provider"},
    Field{"hour", text, may, "its beginning"},
    Field{"month", text, may, "UTC"},
    Field{"requests", integer, must, "", "", 0, many},
    Field{"errors", integer, must, "", "", 0, many},
    Field{"usage", object, must, "", "Usage"},
    Field{"cost", money, must, "USD"},
};

inline constexpr std::array report{
    Field{"by", texts, must, ""},
    Field{"data", objects, must, "", "UsageGroup"},
};

inline constexpr std::array capture{
    Field{"request_id", text, must, ""},
    Field{"time", time, must, "when the call ended"},
    Field{"account_id", text, must_or_null, ""},
    Field{"token_id", text, must_or_null, ""},
    Field{"model", text, must, "as asked"},
    Field{"request", content, must, "its body, without secrets", "", 0, 1 << 20},
    Field{"request_cut", boolean, must, "it was longer than what is kept"},
    Field{"reply", content, must, "", "", 0, 1 << 20},
    Field{"reply_cut", boolean, must, ""},
};

inline constexpr std::array business_row{
    Field{"period", text, must, "2026-01-31, or 2026-01"},
    Field{"active_users", integer, must, "who made a call", "", 0, many},
    Field{"returning_users", integer, must, "who had made one in an earlier period", "", 0, many},
    Field{"new_users", integer, must, "", "", 0, many},
    Field{"requests", integer, must, "", "", 0, many},
    Field{"revenue", money, must, "USD charged"},
};

inline constexpr std::array business_report{
    Field{"by", choice, must, "", "day|month"},
    Field{"data", objects, must, "the oldest first", "BusinessRow"},
};

inline constexpr std::array live_figures{
    Field{"requests", integer, must, "", "", 0, many},
    Field{"errors", integer, must, "answered with an error or broken off", "", 0, many},
    Field{"error_rate", number, must, "errors of requests, 0 to 1"},
    Field{"input_tokens", integer, must, "cached ones too", "", 0, many},
    Field{"output_tokens", integer, must, "reasoning too", "", 0, many},
    Field{"cost", money, must, "USD charged"},
    Field{"p50_ms", number, must_or_null, "half of the calls took at most this; null: not known"},
    Field{"p95_ms", number, must_or_null, ""},
    Field{"p99_ms", number, must_or_null, ""},
};

inline constexpr std::array live_row{
    Field{"key", text, must_or_null, "model or id; null: all that have no row of their own"},
    Field{"name", text, must_or_null, "what the id is called; null: it is gone"},
    Field{"figures", object, must, "", "LiveFigures"},
};

inline constexpr std::array live_window{
    Field{"window", choice, must, "the last whole second, or up to now", "1s|5m|1h|24h"},
    Field{"total", object, must, "", "LiveFigures"},
    Field{"models", objects, must, "the busiest first, as asked", "LiveRow"},
    Field{"channels", objects, must, "", "LiveRow"},
    Field{"tokens", objects, must, "", "LiveRow"},
    Field{"users", objects, must, "", "LiveRow"},
};

inline constexpr std::array live_minute{
    Field{"requests", integer, must, "", "", 0, many},
    Field{"errors", integer, must, "", "", 0, many},
};

inline constexpr std::array live{
    Field{"time", time, must, "of the answer"},
    Field{"since", time, must, "when the daemon began to count: durations are of calls after it"},
    Field{"today", object, must, "since midnight UTC", "LiveFigures"},
    Field{"minutes", objects, must, "the last sixty, the one that runs last", "LiveMinute"},
    Field{"windows", objects, must, "", "LiveWindow"},
};

}  // namespace obliv::api::usage_schemas
