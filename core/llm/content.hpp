#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace obliv::llm {

/// A JSON value as text, valid, kept as it came: schemas, arguments and what only one format knows
/// are never rebuilt on the way through.
using JsonText = std::string;

/// A field that its own wire knows and the neutral form does not.
struct Extra {
    std::string name;
    JsonText value;
    /// What the reply says does not depend on it (where a prompt is cached, what is kept): another
    /// wire may leave it out without a word.
    bool hint = false;
    bool operator==(const Extra&) const = default;
};

/// An image, a sound, a video or a document: its bytes, or where they are.
struct Media {
    enum class Kind : std::uint8_t { image, audio, video, document };
    enum class Source : std::uint8_t {
        base64,
        url,
        file_id,  ///< of the provider's own file store: good for the same wire only
        text,     ///< a document as plain text
        parts,    ///< a document made of text blocks: JSON of the source format
    };
    Kind kind = Kind::image;
    Source source = Source::base64;
    std::string data;        ///< as `source` says
    std::string media_type;  ///< `image/png`; empty: not told
    std::string name;        ///< a file's name or a document's title
    std::string detail;      ///< of an image: `low`, `high`, `auto` ...; empty: not told
    std::string context;     ///< of a document: what is said about it and is not part of it
    bool citations = false;  ///< the model is to cite this document

    bool operator==(const Media&) const = default;
};

/// Where a stretch of a reply comes from.
struct Citation {
    enum class Kind : std::uint8_t { url, chars, pages, blocks, search_result };
    Kind kind = Kind::url;
    std::string url;
    std::string title;
    std::string cited_text;
    std::int64_t document = -1;   ///< index of the document in the request; -1: not told
    std::int64_t from = -1;       ///< in the source: characters, pages or blocks; -1: not told
    std::int64_t to = -1;         ///< behind the last one
    std::int64_t text_from = -1;  ///< in the reply's text, in characters; -1: not told
    std::int64_t text_to = -1;
    JsonText raw;  ///< as it came, for a client of the same wire

    bool operator==(const Citation&) const = default;
};

/// What proves to a provider that a thought is its own. It means nothing to any other.
struct Proof {
    std::string wire;  ///< name of the wire that it came by
    std::string data;  ///< signature, encrypted content or thought signature

    bool operator==(const Proof&) const = default;
};

struct Text {
    std::string text;
    std::vector<Citation> citations{};
    bool operator==(const Text&) const = default;
};

/// The model's words for not doing what it was asked.
struct Refusal {
    std::string text;
    bool operator==(const Refusal&) const = default;
};

struct Thinking {
    std::string text;       ///< empty where the provider hides it and `proof` stands for it
    Proof proof{};          ///< `data` empty: none
    bool redacted = false;  ///< the text is withheld, the proof is all there is
    bool summary = false;   ///< a summary of the thought, not the thought
    std::string id{};       ///< of the item, where a format names them
    bool operator==(const Thinking&) const = default;
};

struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;  ///< of a function: JSON, perhaps not valid; of a custom tool: free text
    bool custom = false;
    Proof proof{};  ///< some providers sign the call instead of the thought
    bool operator==(const ToolCall&) const = default;
};

struct Part;

struct ToolResult {
    std::string call_id;
    std::string name;  ///< of the tool, where the format tells it; empty otherwise
    std::vector<Part> content;
    bool is_error = false;
    bool operator==(const ToolResult&) const;
};

/// What only `wire` knows (the provider's own tools and their results): it goes back to the same
/// wire as it came, and anywhere else it is a loss.
struct Opaque {
    std::string wire;
    JsonText json;
    bool operator==(const Opaque&) const = default;
};

/// One piece of a message.
struct Part {
    std::variant<Text, Refusal, Media, Thinking, ToolCall, ToolResult, Opaque> what;
    std::string cache_ttl{};  ///< the prompt is to be cached up to here: `5m` or `1h`; empty: no
    Proof proof{};            ///< of a part that is neither thought nor call: Gemini signs any
    std::vector<Extra> extras{};  ///< what only the request's own wire knows about this part
    bool operator==(const Part&) const = default;
};

}  // namespace obliv::llm
