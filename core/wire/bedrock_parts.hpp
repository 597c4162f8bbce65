#pragma once

#include "core/llm/chat_request.hpp"
#include "core/llm/usage.hpp"
#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/wire.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace obliv::wire {

// What the files of the Bedrock wire share.

inline constexpr std::string_view bedrock_name = "bedrock";

/// Whose model it is, by its id: each vendor has its own words for what Converse does not name.
enum class BedrockFamily : std::uint8_t { claude, nova, gpt_oss, qwen, other };
BedrockFamily bedrock_family(std::string_view model) noexcept;

/// The content blocks for the parts of a message, cache points among them; what cannot be carried
/// is in `losses`.
Json bedrock_blocks(const std::vector<llm::Part>& parts, bool caches, Losses& losses);

/// Letters, digits, `_` and `-`, 64 at most: other ids are replaced, always by the same.
std::string bedrock_tool_id(std::string_view id);

llm::Citation read_bedrock_citation(const Json& value);
llm::Usage bedrock_usage(const Json& usage);

Result<WrittenRequest> write_bedrock_request(const llm::ChatRequest& request,
                                             const Dialect& dialect);
std::unique_ptr<ReplyReader> new_bedrock_reader(const ReadOptions& options);

}  // namespace obliv::wire
