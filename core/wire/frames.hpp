#pragma once

#include "core/base/result.hpp"
#include "core/llm/sse.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace obliv::wire {

/// A piece of a reply that can be parsed by itself. Views live until the sink returns.
struct Frame {
    std::string_view event;  ///< of a stream's event, if it is named
    std::string_view data;   ///< an event's data, or the whole body
    bool whole_body;         ///< the reply does not stream
};

/// Takes a reply apart, whichever way it comes: some hosts answer a request for a stream with one
/// JSON document, and the reverse, so the first byte decides. One per reply.
class Frames {
public:
    using Sink = std::function<Result<void>(const Frame&)>;

    /// Over a limit is `upstream_failed`: `event_bytes_max` for an event, `body_bytes_max` for a
    /// body that does not stream.
    Frames(std::size_t event_bytes_max, std::size_t body_bytes_max)
        : sse_(event_bytes_max), body_bytes_max_(body_bytes_max) {}

    /// Stops at the sink's first Error and returns it.
    Result<void> feed(std::string_view bytes, const Sink& sink);
    /// The body has ended: delivers what is left.
    Result<void> finish(const Sink& sink);

private:
    enum class Form { unknown, stream, document };
    llm::SseDecoder::Sink guarded(const Sink& sink);

    Form form_ = Form::unknown;
    llm::SseDecoder sse_;
    std::size_t body_bytes_max_;
    std::string body_;
    Result<void> said_ = ok();  ///< by the sink
};

}  // namespace obliv::wire
