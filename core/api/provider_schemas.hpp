#pragma once

#include "core/api/schema.hpp"

#include <array>

/// The schemas of the types of channels and of what they offer: rows of the table in schemas.cpp.
namespace obliv::api::provider_schemas {

using enum Type;
using enum Presence;

inline constexpr std::int64_t description_max = 65'536;

// Of a channel's settings, whether it is added or changed.
inline constexpr std::int64_t prompt_bytes_max = 65'536;
inline constexpr Field system_prompt{
    "system_prompt", lines, may_or_null, "what models are told besides the caller's words", "", 0,
    prompt_bytes_max};
inline constexpr Field system_prompt_place{
    "system_prompt_place", choice, may, "where it goes among the caller's own; prepend by default",
    "prepend|append|when_absent|replace"};

inline constexpr std::array provider_set{
    Field{"description", lines, must, "of the provider, in TOML; see docs/adapters.md", "", 1,
          description_max},
};

inline constexpr std::array channel_model{
    Field{"model", text, must, "upstream, or a pattern that the channel serves"},
    Field{"served", boolean, must, "callers can reach it through this channel"},
    Field{"offered", boolean, must_or_null, "the provider has it; null: it was not asked"},
};

inline constexpr std::array channel_balance{
    Field{"key", text, must, "id of the key"},
    Field{"hint", text, must, "enough of the key to tell it from the others"},
    Field{"amount", text, must_or_null, "what is left, in the provider's currency"},
    Field{"currency", text, must_or_null, "null: the provider does not say"},
    Field{"error", text, must_or_null, "why the provider did not tell"},
};

inline constexpr std::array provider_abilities{
    Field{"json_schema", boolean, must, "replies can be held to a schema"},
    Field{"parallel_tool_calls", boolean, must, "it can be told whether to call several tools"},
    Field{"seed", boolean, must, ""},
    Field{"usage_in_stream", boolean, must, "it can be asked for usage in a stream"},
};

inline constexpr std::array provider{
    Field{"type", text, must, "as in a channel"},
    Field{"custom", boolean, must, "it is described and not built in"},
    Field{"version", text, must, "of the description, or of the program"},
    Field{
        "default_base_url", text, must_or_null,
        "may hold `{region}` or the like, which the key fills in; null: a channel has to name it"},
    Field{"formats", texts, must, "in which it is asked to chat, best first; empty: it does not"},
    Field{"operations", texts, must, "what it can be asked for"},
    Field{"abilities", object, must, "", "ProviderAbilities"},
    Field{"created_at", time, must_or_null, "null: it is built in"},
    Field{"description", lines, may, "in TOML, where one is shown", "", 1, description_max},
};

inline constexpr std::array provider_version{
    Field{"version", text, must, ""},
    Field{"removed", boolean, must, "this version is the removal"},
    Field{"created_at", time, must, ""},
    Field{"description", lines, must, "in TOML", "", 1, description_max},
};

}  // namespace obliv::api::provider_schemas
