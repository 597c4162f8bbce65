#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace obliv::llm {

/// One event of a `text/event-stream`. Views live until the sink returns.
struct SseEvent {
    std::string_view event;  ///< empty: the default, `message`
    std::string_view data;   ///< the `data:` lines joined by LF
    std::string_view id;
};

/// Takes a stream apart as the HTML standard says ("Server-sent events", §9.2.6), from pieces cut
/// anywhere: LF, CRLF and CR end lines, a leading byte order mark is skipped, comments carry
/// nothing. One decoder per stream; not shared between threads.
class SseDecoder {
public:
    using Sink = std::function<void(const SseEvent&)>;

    /// An event over `event_bytes_max` is `upstream_failed`, and the decoder is of no further use.
    explicit SseDecoder(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

    Result<void> feed(std::string_view bytes, const Sink& sink);

    /// The stream has ended. An event whose closing blank line is missing is delivered all the
    /// same: several servers leave it out at the end.
    void finish(const Sink& sink);

private:
    void take_line(std::string_view line, const Sink& sink);
    void take_field(std::string_view field, std::string_view value);
    void dispatch(const Sink& sink);

    std::size_t event_bytes_max_;
    std::string line_;  ///< the unfinished line
    std::string event_;
    std::string data_;
    std::string id_;
    bool has_data_ = false;
    bool after_cr_ = false;  ///< an LF now belongs to the line that a CR has ended
    bool started_ = false;   ///< past the byte order mark
};

/// The length of the longest prefix of `bytes` that ends with a blank line, which ends an event; 0
/// if there is none. The first `known` bytes are known to hold no such end.
std::size_t whole_events(std::string_view bytes, std::size_t known = 0) noexcept;

/// The length of the first event in `bytes` with its blank line; 0 if it is not complete.
std::size_t first_event(std::string_view bytes) noexcept;

}  // namespace obliv::llm
