#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_reply.hpp"
#include "core/llm/chat_request.hpp"
#include "core/llm/wire_error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::wire {

/// A chat request as a client sent it.
struct RequestSource {
    std::string_view body;
    std::string_view model{};  ///< where the path names it (Gemini); empty: the body does
    bool stream = false;       ///< likewise
    /// Headers that change the meaning of the body (`anthropic-beta`), names in lower case.
    std::span<const std::pair<std::string, std::string>> headers{};
};

/// Something of a request that the target cannot say.
struct Loss {
    std::string field;  ///< as the client's own format calls it
    std::string why;
};

/// How one host differs from the format it speaks: data of its provider. The defaults are those of
/// the format's inventor.
struct Dialect {
    std::string_view reasoning_field = "reasoning_content";  ///< of OpenAI-like replies
    std::string_view output_limit_field = "max_completion_tokens";
    bool developer_role = true;       ///< else it is written as `system`
    bool stream_options = true;       ///< `include_usage` is understood
    bool parallel_tool_calls = true;  ///< the field is understood
    bool json_schema = true;          ///< `response_format` of that type is understood
    bool seed = true;
    bool top_k = false;
    bool hints = true;                   ///< `metadata`, `store` and the like are understood
    bool reasoning_in_requests = false;  ///< earlier thoughts are to be sent back
    /// Tool call ids are letters and digits of exactly this length, and others are replaced; 0:
    /// any.
    std::size_t tool_call_id_bytes = 0;
    std::int64_t output_tokens_default = 0;  ///< where the format requires one (Anthropic)
};

/// The body for the provider, and what of the request it cannot carry: the caller is refused, or,
/// if the channel allows it, told in a header.
struct WrittenRequest {
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers{};  ///< that belong to this body
    std::vector<Loss> losses{};
};

/// Reads one reply of a provider, cut anywhere, into events. Bounded memory. One per reply.
class ReplyReader {
public:
    virtual ~ReplyReader() = default;
    /// Appends to `out`. An Error: this is not a reply, or an event is over its limit.
    virtual Result<void> feed(std::string_view bytes, std::vector<llm::ReplyEvent>& out) = 0;
    /// The body has ended. An Error if the format's own end never came.
    virtual Result<void> finish(std::vector<llm::ReplyEvent>& out) = 0;
};

struct ReadOptions {
    bool stream = false;  ///< what the reply's content type says, not what was asked for
    std::size_t event_bytes_max = 8U << 20;
    std::size_t body_bytes_max = 256U << 20;  ///< of a reply that does not stream
    const Dialect* dialect = nullptr;         ///< null: the format's own
};

/// Writes a reply for a client, event by event. What ends the reply (`[DONE]`, `message_stop`, the
/// closing brace) comes from finish() only, so that the call can be settled before.
class ReplyWriter {
public:
    virtual ~ReplyWriter() = default;
    virtual std::string_view content_type() const noexcept = 0;
    virtual void write(const llm::ReplyEvent& event, std::string& out) = 0;
    virtual void finish(std::string& out) = 0;
    /// Ends a stream that broke off: an event in the format's own shape.
    virtual void fail(const Error& error, std::string& out) = 0;
};

struct WriteOptions {
    bool stream = false;
    bool usage = true;        ///< the stream reports it (OpenAI: only if asked for)
    std::string model;        ///< what the client called it
    std::string request_id;   ///< ours: ids that the provider did not give are made from it
    std::int64_t now = 0;     ///< seconds since 1970, where the provider tells no time
    bool json_array = false;  ///< a stream is one JSON array: Gemini without `alt=sse`
    /// What is answered: some formats repeat parts of it. Read by new_writer() only.
    const llm::ChatRequest* request = nullptr;
};

/// One chat format as pure functions in both directions: no sockets, no clock, no state between
/// calls. Null where a direction does not exist.
struct Wire {
    std::string_view name;
    llm::ErrorShape errors;
    // Towards clients.
    Result<llm::ChatRequest> (*read_request)(const RequestSource&);
    std::unique_ptr<ReplyWriter> (*new_writer)(const WriteOptions&);
    // Towards providers.
    Result<WrittenRequest> (*write_request)(const llm::ChatRequest&, const Dialect&);
    std::unique_ptr<ReplyReader> (*new_reader)(const ReadOptions&);
};

/// All of them, in the order of their names.
std::span<const Wire* const> all() noexcept;

/// Null when no wire has this name.
const Wire* find(std::string_view name) noexcept;

}  // namespace obliv::wire
