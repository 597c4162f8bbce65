#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of notices: rows of the table in schemas.cpp.
namespace obliv::api::notice_schemas {

using enum Type;
using enum Presence;

inline constexpr std::array notice{
    Field{"id", text, must, "the same in every delivery of it"},
    Field{"time", time, must, ""},
    Field{"kind", text, must, "see docs/notices.md"},
    Field{"severity", choice, must, "", "info|warning|critical"},
    Field{"subject", text, must_or_null, "the channel or account that it is about"},
    Field{"title", text, must, "", "", 0, 4096},
    Field{"text", text, must, "", "", 0, 4096},
};

inline constexpr std::array notice_test{
    Field{"receiver", text, must, "webhook, slack, dingtalk or mail"},
    Field{"ok", boolean, must, ""},
    Field{"error", text, must_or_null, "why it did not take it", "", 0, 4096},
};

}  // namespace obliv::api::notice_schemas
