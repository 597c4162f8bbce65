#pragma once

#include "core/base/error.hpp"
#include "core/llm/chat_reply.hpp"
#include "core/llm/wire_error.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::sim {

/// A provider's format as the simulator plays it, by the wire's own reader and writer. OpenAI's
/// chat completions are not here: load tests need them cheaper (StreamWriter).
struct Format {
    std::string_view name;
    llm::ErrorShape errors;
    bool aws = false;  ///< errors, signatures and streams are those of AWS
    Result<llm::ChatRequest> (*read)(const wire::RequestSource&);
    std::unique_ptr<wire::ReplyWriter> (*new_writer)(const wire::WriteOptions&);
    std::string (*count_reply)(std::int64_t tokens) = nullptr;  ///< where tokens can be counted
    bool ollama = false;                                        ///< errors are one text
    bool websocket = false;  ///< asked by a message; the writer makes whole frames
};

struct Call;

/// What the path of a POST asks for.
struct Asked {
    const Format* format = nullptr;  ///< null: OpenAI's chat completions
    std::string model{};             ///< where the path names it
    bool stream = false;             ///< likewise
    bool count_only = false;         ///< the tokens of the prompt
    /// Of what is no chat: reads the request and makes the whole reply.
    Result<Call> (*document)(std::string_view body) = nullptr;
    /// Likewise, of a form.
    Result<Call> (*form)(std::string_view body, std::string_view content_type) = nullptr;
};

/// Nothing: the simulator has no such path.
std::optional<Asked> asked_by(std::string_view path);

/// The body of an error reply in the format, and the header lines that go with it. Null: OpenAI.
std::string error_body(const Format* format, const Error& error);
std::string error_headers(const Format* format, const Error& error);
int error_status(const Format* format, const Error& error) noexcept;

/// The error that a provider tells with this status.
Error error_of_status(int status);

}  // namespace obliv::sim
