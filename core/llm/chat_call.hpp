#pragma once

#include "core/base/result.hpp"
#include "core/llm/media_call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// simdjson reads up to this many bytes past the end of what it parses; bodies lie in buffers with
/// as many to spare.
inline constexpr std::size_t json_padding = 64;

/// A stretch of a body, by offset: the body may be spliced into pieces, so pointers would not do.
struct Span {
    std::size_t at = 0;
    std::size_t length = 0;
};

/// What the relay has to know of a chat completion request, read without building a document. Field
/// names and types: OpenAI API reference, "Create chat completion".
struct ChatCall {
    std::string model;
    Span model_span;  ///< the value with its quotes; empty: the body names none
    bool stream = false;
    bool usage_asked = false;  ///< the client set stream_options.include_usage itself
    /// Where stream_options stands: nothing, or its value, which is `null` or an object.
    std::optional<Span> stream_options;
    std::optional<Span> include_usage;              ///< the value in it, if it is there
    bool stream_options_empty = false;              ///< `null` or `{}`
    Span object_open;                               ///< the brace that opens the body
    std::optional<std::int64_t> output_tokens_max;  ///< max_completion_tokens or max_tokens
    std::int64_t choices = 1;                       ///< n
    std::shared_ptr<const MediaCall> media{};       ///< of a call for pictures or sound
};

/// Reads a request body. `body` is followed by json_padding readable bytes. Refused with a message
/// that names the field: invalid JSON or UTF-8, a missing or empty model, wrong types, numbers out
/// of range, and a second occurrence of a field that decides routing or price, or one that differs
/// from it in case: two readers of such a body may see two different calls.
Result<ChatCall> parse_chat_call(std::string_view body);

/// The same for a call that is no chat: embeddings, rerank, moderations. It has no messages, and is
/// answered whole unless it `may_stream`. `model_default` is the model of a body that names none;
/// empty: it has to name one.
Result<ChatCall> parse_plain_call(std::string_view body, std::string_view model_default,
                                  bool may_stream = false);

/// One replacement in a body: `length` bytes at `at` become `text`.
struct Edit {
    Span span;
    std::string text;
};

/// What has to change in the body so that upstream gets `upstream_model` and reports usage, in the
/// order of the offsets. Empty when the body can go as it is.
std::vector<Edit> upstream_edits(const ChatCall& call, std::string_view upstream_model,
                                 bool ask_usage = true);

/// `text` as a JSON string with its quotes.
std::string json_quoted(std::string_view text);

}  // namespace obliv::llm
