#pragma once

#include "core/base/ids.hpp"
#include "core/llm/chat_call.hpp"
#include "core/storage/tokens.hpp"
#include "daemon/cache/rules.hpp"
#include "daemon/relay/inbound.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace obliv::relay {

/// Of every reply to a call that may be answered from the cache: how it was looked up.
inline constexpr std::string_view cache_header = "x-oblivious-cache";

/// What the callers among whom an answer is shared, and the way they ask, have in common: the start
/// of what the keys of the cache are made of.
std::string key_prefix(cache::Scope scope, const storage::Token& token, const Inbound& inbound,
                       const HeaderList& headers);
/// The key of a request: the same for equal ones, streamed or not, whoever the end user is.
Sha256 key_of(std::string_view prefix, std::string_view body);

/// Whether a call may be answered from the cache at all: what is to be stored under an id of its
/// own may not.
bool may_be_cached(const Inbound& inbound, std::string_view body);

/// A request that differs from others only in what the user said last.
struct LastWords {
    std::string text;
    Sha256 rest{};  ///< a key of everything else
};
/// Nothing: the last words are not plain text, or the rest cannot be compared.
std::optional<LastWords> last_words(std::string_view prefix, const Inbound& inbound,
                                    std::string_view body, const HeaderList& headers);

/// The answer as this call wants it: a stream of one kept whole, and the other way round.
struct Replay {
    std::string body;  ///< empty: the answer's own
    std::string content_type;
};
/// Nothing: the answer cannot be had in that form.
std::optional<Replay> replay_of(const cache::Answer& answer, const Inbound& inbound,
                                const llm::ChatCall& call, std::string_view body,
                                std::string_view request_id);
/// Whether a stream to this caller ends with figures: where the format leaves the choice, he asks.
bool tells_usage(const Inbound& inbound, const llm::ChatCall& call) noexcept;

/// The embedding call that asks what `text` means, and what is in its reply; empty: nothing.
std::string meaning_request(std::string_view model, std::string_view text);
cache::Meaning meaning_in(std::string_view reply);

}  // namespace obliv::relay
