#pragma once

#include "core/llm/chat_reply.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace obliv::wire {

/// A whole reply, put together from its events: what a format that does not stream is written from,
/// and what tests compare.
struct WholeReply {
    struct Block {
        llm::Part part;
        std::string transcript{};  ///< of a spoken part
        bool operator==(const Block&) const = default;
    };
    struct Choice {
        std::map<std::int32_t, Block> blocks;  ///< by number
        llm::JsonText logprobs;                ///< a JSON array; empty: none
        llm::JsonText refusal_logprobs;
        std::optional<llm::Finished> finished;
    };
    llm::Begun begun;
    std::map<std::int32_t, Choice> choices;
    std::optional<llm::UsageReport> usage;
    std::optional<Error> failed;
};

/// Adds one event. Memory grows with the reply: whoever feeds it bounds that. Pieces of a kind that
/// does not fit the block that they name are dropped: only a reader's bug makes such.
void add_event(WholeReply& reply, const llm::ReplyEvent& event);

/// `["a"]` and `["b"]` become `["a","b"]`.
void append_array(llm::JsonText& array, const llm::JsonText& more);

}  // namespace obliv::wire
