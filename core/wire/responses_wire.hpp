#pragma once

#include "core/wire/json.hpp"
#include "core/wire/wire.hpp"

#include <optional>
#include <string_view>

namespace obliv::wire {

inline constexpr std::string_view responses_name = "responses";

// The four functions of the Responses wire; responses.cpp puts them together.
Result<llm::ChatRequest> read_responses_request(const RequestSource& source);
Result<WrittenRequest> write_responses_request(const llm::ChatRequest& request,
                                               const Dialect& dialect);
std::unique_ptr<ReplyReader> new_responses_reader(const ReadOptions& options);
std::unique_ptr<ReplyWriter> new_responses_writer(const WriteOptions& options);

/// A thought's proof as `encrypted_content`. That of another format is wrapped, so that it comes
/// back with the client's next turn and finds its way home. `call_id` not empty: the proof belongs
/// to that tool call. Empty when there is no proof.
std::string sealed_proof(const llm::Proof& proof, std::string_view call_id);

struct OpenedProof {
    llm::Proof proof;
    std::string call_id;  ///< of the call that it belongs to; empty: to a thought
};
/// The reverse; what was not wrapped by us is a proof of the Responses API itself.
OpenedProof opened_proof(std::string_view encrypted_content);

/// Nothing when both totals are missing.
std::optional<llm::Usage> read_responses_usage(const Json& usage);
Json responses_usage(const llm::Usage& usage);

llm::Citation read_annotation(const Json& annotation);
Json annotation_of(const llm::Citation& citation);

}  // namespace obliv::wire
