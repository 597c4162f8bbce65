#pragma once

#include "core/base/result.hpp"
#include "core/llm/system_prompt.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// Which of a channel's keys a call is made with; resting keys never.
enum class KeyPolicy : std::uint8_t {
    failure_aware,  ///< by chance, and of two the one that has failed less of late
    random,
    round_robin,
};
std::string_view name_of(KeyPolicy policy) noexcept;

/// What the health checks ask a channel.
enum class Check : std::uint8_t {
    models,  ///< the list of models: free
    chat,    ///< one tiny chat, unbilled to callers but not free at the provider
    none,    ///< nothing: only calls tell how it is
};
std::string_view name_of(Check check) noexcept;

/// What becomes of a request that the channel's format cannot carry whole.
enum class Losses : std::uint8_t {
    refuse,  ///< it goes to another channel or nowhere
    drop,    ///< what cannot be said is left out, and a header of the reply tells
};
std::string_view name_of(Losses losses) noexcept;

/// What a channel can do for the models of a pattern.
struct Offer {
    std::string models = "*";  ///< a model pattern
    /// Names such as stream, tools, vision, audio, json_schema. Empty: everything.
    std::vector<std::string> abilities;
    std::int64_t context_tokens = 0;  ///< the longest prompt and reply together; 0: no limit known

    bool operator==(const Offer&) const = default;
};

/// What is set of a channel beyond where it points and whom it serves. Defaults change nothing.
struct ChannelSettings {
    KeyPolicy key_policy = KeyPolicy::failure_aware;
    int key_requests_per_minute = 0;  ///< of each key; 0: no limit
    int requests_per_minute = 0;      ///< of the channel; 0: no limit
    int concurrent_max = 0;           ///< calls at once; 0: no limit
    std::string cost_factor;  ///< what it costs, as a factor of the prices: for the cheapest first
    Check check = Check::models;
    Losses losses = Losses::refuse;
    std::vector<Offer> offers;  ///< the first that matches a model counts; none: everything
    std::map<std::string, std::string> headers;     ///< sent in place of ours; empty: left out
    std::string parameters;                         ///< a JSON object; see relay/overrides.hpp
    std::map<std::string, std::string> status_map;  ///< "529" -> "503": taken for
    llm::SystemPrompt system_prompt;                ///< of its chats

    bool operator==(const ChannelSettings&) const = default;
};
/// As JSON, with defaults left out, and back. What cannot be read is `corrupt`.
std::string settings_json(const ChannelSettings& settings);
Result<ChannelSettings> settings_from_json(std::string_view text);

}  // namespace obliv::storage
