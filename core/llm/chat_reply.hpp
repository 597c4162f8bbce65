#pragma once

#include "core/base/error.hpp"
#include "core/llm/content.hpp"
#include "core/llm/usage.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace obliv::llm {

/// Why a reply ended, in classes that every format can say.
enum class Finish : std::uint8_t {
    stop,
    length,
    tool_calls,
    filtered,  ///< a safety filter
    refused,   ///< by the model itself
    paused,    ///< the provider wants the call repeated to go on
    fault,     ///< the provider's model or its parser broke
    other,
};

// What a reply is made of, in the order in which a stream brings it. A reply that does not stream
// is read into the same events, so that there is one way to convert both.

struct Begun {
    std::string id;
    std::string model;
    std::int64_t created = 0;  ///< seconds since 1970; 0: not told
    std::string service_tier{};
};
struct TextPiece {
    std::string text;
};
struct RefusalPiece {
    std::string text;
};
struct ThinkingPiece {
    std::string text;
    bool summary = false;
};
/// The proof of the block of thought or the tool call that is open; comes once, after the text.
struct ProofPiece {
    Proof proof;
    bool redacted = false;
    std::string id{};
};
struct ToolCallBegun {
    std::string id;
    std::string name;
    bool custom = false;
    std::vector<Extra> extras{};  ///< as in Part
};
struct ArgumentsPiece {
    std::string text;
};
struct CitationPiece {
    Citation citation;
};
/// An image, or a piece of sound: `media.data` is to be appended to that of the piece before in the
/// same block. `transcript` likewise.
struct MediaPiece {
    Media media;
    std::string transcript{};
};
/// In the form of OpenAI's `logprobs.content`: a JSON array of the tokens of the last text.
struct LogProbs {
    JsonText content;
    JsonText refusal{};
};
struct BlockEnded {};
struct Finished {
    Finish reason = Finish::stop;
    std::string raw{};            ///< the provider's own word
    std::string stop_sequence{};  ///< the one that was hit, where it is told
    std::vector<Extra> extras{};  ///< what else the provider says of the end
    bool operator==(const Finished&) const = default;
};
/// Each report replaces the one before.
struct UsageReport {
    Usage usage;
    JsonText raw{};  ///< as it came, for a client of the same wire
};
/// The provider broke off with an error under way. Its words went through redact().
struct Failed {
    Error error;
};
/// A sign of life that carries nothing.
struct Alive {};

/// One event of a reply. `choice` counts from 0 as OpenAI's `n` does; `block` numbers the parts of
/// its message from 0 in the order in which they began: text, thought, tool call, each its own.
/// Begun, UsageReport, Failed and Alive concern the whole reply.
struct ReplyEvent {
    std::variant<Alive, Begun, TextPiece, RefusalPiece, ThinkingPiece, ProofPiece, ToolCallBegun,
                 ArgumentsPiece, CitationPiece, MediaPiece, LogProbs, Opaque, BlockEnded, Finished,
                 UsageReport, Failed>
        what;
    std::int32_t choice = 0;
    std::int32_t block = 0;
};

}  // namespace obliv::llm
