#pragma once

#include "core/llm/chat_reply.hpp"
#include "core/llm/chat_request.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/wire.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What the files of the Gemini format share. Nobody else includes this.
namespace obliv::wire {

inline constexpr std::string_view gemini_name = "gemini";

/// Ids that we gave to calls which had none begin so: they are not told to Google again.
inline constexpr std::string_view gemini_made_id = "call_gm_";

Result<llm::ChatRequest> read_gemini_request(const RequestSource& source);
Result<WrittenRequest> write_gemini_request(const llm::ChatRequest& request,
                                            const Dialect& dialect);
std::unique_ptr<ReplyReader> new_gemini_reader(const ReadOptions& options);
std::unique_ptr<ReplyWriter> new_gemini_writer(const WriteOptions& options);

/// Google takes `system_instruction` for `systemInstruction`: every name becomes the latter, but
/// for what is the caller's own (arguments, results, properties of schemas). Complains of a field
/// that is given under both names.
void make_names_canonical(Json& body, Complaint& complaint);

/// `systemInstruction` and `contents`.
void read_gemini_contents(Fields& body, llm::ChatRequest& out);
/// The same back. `body` is an object. Error: a tool result whose call is not in the conversation.
Result<void> write_gemini_contents(const llm::ChatRequest& request, Json& body, Losses& losses);

/// `generationConfig`.
void read_gemini_config(Fields& body, llm::ChatRequest& out);
Json gemini_config(const llm::ChatRequest& request, Losses& losses);

/// `tools` and `toolConfig`.
void read_gemini_tools(Fields& body, llm::ChatRequest& out);
void write_gemini_tools(const llm::ChatRequest& request, Json& body, Losses& losses);

/// What nobody has read of `fields`, as extras named `prefix` + their name.
void keep_rest(const Fields& fields, std::string_view prefix,
               const std::vector<std::string_view>& hints, std::vector<llm::Extra>& out);

/// `gemini-3-pro-preview`, `models/gemini-3.1-flash` and what comes after: those that think in
/// levels and want every call signed.
bool gemini_thinks_in_levels(std::string_view model) noexcept;

/// The neutral class of a `finishReason` or a `blockReason`.
llm::Finish gemini_finish(std::string_view raw, bool called) noexcept;
/// The other way round; `raw` is the provider's own word, kept if it is one of Google's.
std::string gemini_finish_word(llm::Finish reason, std::string_view raw);

/// A `thoughtSignature` is Google's own, or one of another provider's proofs, wrapped by
/// signature_of so that it comes back with the conversation.
llm::Proof proof_of(std::string_view signature);
std::string signature_of(const llm::Proof& proof, bool redacted);
/// Whether a wrapped proof stood for a thought that the provider withheld.
bool redacted_signature(std::string_view signature);

/// The media kind of a MIME type: what is neither image, sound nor film is a document.
llm::Media::Kind media_kind(std::string_view mime_type) noexcept;

}  // namespace obliv::wire
