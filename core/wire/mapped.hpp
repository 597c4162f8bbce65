#pragma once

#include "core/wire/json_path.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace obliv::wire {

/// How a format differs from OpenAI's chat completions by where its fields lie: data of a provider
/// that is described and not built in.
struct Mapping {
    enum class Stream : std::uint8_t {
        sse,      ///< server-sent events
        objects,  ///< JSON objects, one after the other, usually one a line
    };
    struct Move {
        JsonPath from;
        JsonPath to;
    };
    using Words = std::map<std::string, std::string>;

    // Of a request that has been written in OpenAI's form, in this order.
    std::vector<JsonPath> request_remove;
    std::vector<Move> request_move;
    std::vector<std::pair<JsonPath, llm::JsonText>> request_set;

    Stream stream = Stream::sse;
    std::string done;  ///< an event of the stream with this data ends it; empty: its end does

    // Into OpenAI's form.
    std::vector<Move> reply_move;  ///< of a reply that does not stream
    std::vector<Move> event_move;  ///< of one event of a stream
    Words finish_words;            ///< the host's word for why it ended -> OpenAI's

    /// Where an error stands in a reply that came as a success; a value there is an error.
    std::optional<JsonPath> error_message;
    std::optional<JsonPath> error_code;
    std::vector<std::string> success_codes;  ///< values of `error_code` that are no error
    Words error_words;                       ///< the host's code -> one of OpenAI's `error.code`
};

/// The dialect of a described provider.
struct MappedDialect : Dialect {
    Mapping mapping{};
};

/// OpenAI's format, but for what a MappedDialect says: every Dialect that is given to it is one.
/// Towards providers only.
extern const Wire mapped;

}  // namespace obliv::wire
