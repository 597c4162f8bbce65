#pragma once

#include "core/llm/chat_request.hpp"
#include "core/llm/usage.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/json.hpp"
#include "core/wire/wire.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

class Losses;

// What the files of the Anthropic wire share.

inline constexpr std::string_view letters_and_digits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

inline constexpr std::string_view anthropic_name = "anthropic";

/// Reads the content of a message, a text or an array of blocks; blocks of unknown types are kept
/// as Opaque.
void read_anthropic_content(const Json& content, const std::string& path, Complaint& complaint,
                            std::vector<llm::Part>& out);

/// Takes `cache_control` from a block or a tool.
void read_cache_control(Fields& fields, std::string& ttl, std::vector<llm::Extra>& extras);
void write_cache_control(const std::string& ttl, Json& block);
/// Sets what only this wire knows, over what is there.
void write_extras(const std::vector<llm::Extra>& extras, Json& object);

/// The block for a part, null if it is left out: what cannot be carried is in `losses`.
Json anthropic_block(const llm::Part& part, Losses& losses);

/// An array of them.
Json anthropic_blocks(const std::vector<llm::Part>& parts, Losses& losses);

llm::Citation read_anthropic_citation(const Json& value);
Json anthropic_citation(const llm::Citation& citation);

/// A proof as a client of this wire carries it for us: one of another wire has its name in front.
std::string proof_as_signature(const llm::Proof& proof);
llm::Proof proof_of_signature(std::string_view signature);

/// Tool call ids are letters, digits, `_` and `-`: others are replaced, always by the same.
std::string anthropic_tool_id(std::string_view id);

/// A JSON object for a call's arguments, whatever they are.
Json arguments_object(const std::string& arguments);

Result<llm::ChatRequest> read_anthropic_request(const RequestSource& source);
Result<WrittenRequest> write_anthropic_request(const llm::ChatRequest& request,
                                               const Dialect& dialect);
Result<WrittenRequest> write_vertex_request(const llm::ChatRequest& request,
                                            const Dialect& dialect);
std::unique_ptr<ReplyReader> new_anthropic_reader(const ReadOptions& options);
std::unique_ptr<ReplyWriter> new_anthropic_writer(const WriteOptions& options);

/// What `usage` says, the provider's figures normalised.
llm::Usage anthropic_usage(const Json& usage);
/// Figures that came later replace what they name and leave the rest.
void merge_usage(Json& usage, const Json& later);
/// The figures in this format's words.
Json anthropic_usage_json(const llm::Usage& usage);

}  // namespace obliv::wire
