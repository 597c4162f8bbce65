#pragma once

#include "core/wire/json.hpp"
#include "core/wire/wire.hpp"

#include <string_view>

namespace obliv::wire {

inline constexpr std::string_view completions_name = "completions";

// The four functions of the completions wire; completions.cpp puts them together.
Result<llm::ChatRequest> read_completions_request(const RequestSource& source);
Result<WrittenRequest> write_completions_request(const llm::ChatRequest& request,
                                                 const Dialect& dialect);
std::unique_ptr<ReplyReader> new_completions_reader(const ReadOptions& options);
std::unique_ptr<ReplyWriter> new_completions_writer(const WriteOptions& options);

/// Log probabilities in the legacy form (parallel arrays) as the neutral one, a JSON array of
/// tokens, and back. `offset` is where in the text the first token starts, in characters.
llm::JsonText read_legacy_logprobs(const Json& logprobs);
Json legacy_logprobs(const llm::JsonText& tokens, std::int64_t offset);

}  // namespace obliv::wire
