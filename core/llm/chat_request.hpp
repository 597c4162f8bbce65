#pragma once

#include "core/llm/content.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace obliv::llm {

/// Tool results are parts of a `tool` message, whatever role the format gives them.
enum class Role : std::uint8_t { system, developer, user, assistant, tool };

struct Message {
    Role role = Role::user;
    std::vector<Part> content;
    std::string name{};  ///< of the speaker; empty: not told
    bool operator==(const Message&) const = default;
};

struct Tool {
    enum class Kind : std::uint8_t {
        function,
        custom,    ///< takes free text
        built_in,  ///< the provider's own: `definition` is for `wire` only
    };
    Kind kind = Kind::function;
    std::string name;
    std::string description;
    JsonText parameters;          ///< JSON Schema of a function's arguments; empty: none given
    std::optional<bool> strict;   ///< arguments are to follow the schema exactly
    std::string cache_ttl;        ///< as in Part
    std::string wire;             ///< of a built-in tool
    JsonText definition;          ///< of a built-in tool, or the format of a custom one
    std::vector<Extra> extras{};  ///< of a function, as in Part
    bool operator==(const Tool&) const = default;
};

struct ToolChoice {
    enum class Kind : std::uint8_t { unset, automatic, none, required, named };
    Kind kind = Kind::unset;
    std::string name{};                  ///< of `named`
    std::vector<std::string> allowed{};  ///< only these may be called; empty: any
    bool operator==(const ToolChoice&) const = default;
};

struct ResponseFormat {
    enum class Kind : std::uint8_t { unset, text, json_object, json_schema };
    Kind kind = Kind::unset;
    std::string name;
    std::string description;
    JsonText schema;
    std::optional<bool> strict;
    bool operator==(const ResponseFormat&) const = default;
};

/// How much the model is to think. Formats say it by a word or by a number of tokens.
struct Reasoning {
    std::string
        effort;  ///< `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`; empty: unset
    std::optional<std::int64_t> budget_tokens;
    std::optional<bool> enabled;   ///< said outright
    std::optional<bool> adaptive;  ///< the model decides how much
    std::optional<bool> shown;     ///< the thoughts are to be in the reply
    std::string summary;           ///< `auto`, `concise`, `detailed`; empty: unset
    bool operator==(const Reasoning&) const = default;
};

/// How the next token is chosen. Unset: the provider's default.
struct Sampling {
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::int64_t> top_k;
    std::optional<double> frequency_penalty;
    std::optional<double> presence_penalty;
    std::optional<std::int64_t> seed;
    std::vector<std::string> stop;
    std::optional<bool> logprobs;
    std::optional<std::int64_t> top_logprobs;
    JsonText logit_bias;  ///< object; empty: unset
    bool operator==(const Sampling&) const = default;
};

/// One request for a reply, in no provider's words. A reader of a wire puts every field of a
/// request somewhere in here; a writer of another takes out what it can say and reports the rest as
/// losses.
struct ChatRequest {
    std::string
        wire;  ///< name of the wire that it came by: whose extras, opaques and ids these are
    std::string model;
    std::vector<Message> messages;  ///< system prompts among them, in their places
    std::vector<Tool> tools;
    ToolChoice tool_choice;
    std::optional<bool> parallel_tool_calls;
    Sampling sampling;
    Reasoning reasoning;
    ResponseFormat response_format;
    std::optional<std::int64_t> output_tokens_max;
    std::int64_t choices = 1;
    bool stream = false;
    bool usage_in_stream = false;         ///< the client asked for it where that is a choice
    std::vector<std::string> modalities;  ///< of the reply: `text`, `audio`, `image`; empty: unset
    JsonText audio;    ///< voice and format of a spoken reply, in the OpenAI form
    std::string user;  ///< the end user, as the caller names him
    std::string service_tier;
    JsonText metadata;              ///< object of strings
    std::string verbosity;          ///< `low`, `medium`, `high`; empty: unset
    std::string prompt_cache_key;   ///< which calls share a cached prompt; a hint
    std::string safety_identifier;  ///< the end user, hashed by the caller; a hint
    std::optional<bool> store;      ///< the provider is to keep the reply; a hint
    std::vector<Extra> extras;
    bool operator==(const ChatRequest&) const = default;
};

}  // namespace obliv::llm
